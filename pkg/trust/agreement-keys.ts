import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";

/** What comes before the 32 bytes of an X25519 key in its DER form (RFC 8410). */
const PRIVATE_DER = Buffer.from("302e020100300506032b656e04220420", "hex");
const PUBLIC_DER = Buffer.from("302a300506032b656e032100", "hex");
/** The prime of Curve25519. */
const P = 2n ** 255n - 19n;

/** An X25519 key: 32 bytes that may be shown, and the half that may not. */
export interface AgreementKey {
  readonly shown: Uint8Array;
  readonly secret: KeyObject;
}

/** A key for one conversation. */
export function newAgreementKey(): AgreementKey {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  const shown = publicKey.export({ format: "der", type: "spki" }).subarray(PUBLIC_DER.length);
  return { shown: new Uint8Array(shown), secret: privateKey };
}

/** The secret that two keys have in common (RFC 7748, 6.1). Throws when `shown` is no key that can have one. */
export function agreed({ secret }: Pick<AgreementKey, "secret">, shown: Uint8Array): Uint8Array {
  const key = Buffer.concat([PUBLIC_DER, shown]);
  const publicKey = createPublicKey({ key, format: "der", type: "spki" });
  return new Uint8Array(diffieHellman({ privateKey: secret, publicKey }));
}

/**
 * The X25519 key that belongs to an Ed25519 one: the same point on the other form of the curve (RFC 7748, 4.1),
 * so that who holds the one holds the other.
 */
export function shownAgreementKey(ed25519: KeyObject): Uint8Array {
  const present = SHOWN.get(ed25519);
  if (present !== undefined) return present;
  const shown = converted(ed25519);
  SHOWN.set(ed25519, shown);
  return shown;
}

/** Finding one takes as long as many openings of streams. */
const SHOWN = new WeakMap<KeyObject, Uint8Array>();

function converted(ed25519: KeyObject): Uint8Array {
  if (ed25519.asymmetricKeyType !== "ed25519")
    throw new TypeError("Cannot use a key that is not an Ed25519 one");
  const { x } = ed25519.export({ format: "jwk" });
  const bytes = Buffer.from(x ?? "", "base64url");
  const y = littleEndian(bytes) & (2n ** 255n - 1n);
  const u = modulo((1n + y) * inverse(modulo(1n - y)));
  const shown = Buffer.from(u.toString(16).padStart(64, "0"), "hex").reverse();
  return new Uint8Array(shown);
}

/** The same for the half that may not be shown (RFC 8032, 5.1.5: the scalar is the first half of a hash of the seed). */
export function agreementKeyOf(ed25519: KeyObject): AgreementKey {
  const { d } = ed25519.export({ format: "jwk" });
  const seed = Buffer.from(d ?? "", "base64url");
  const scalar = createHash("sha512").update(seed).digest().subarray(0, 32);
  const key = Buffer.concat([PRIVATE_DER, scalar]);
  const secret = createPrivateKey({ key, format: "der", type: "pkcs8" });
  return { shown: shownAgreementKey(createPublicKey(ed25519)), secret };
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
}

function modulo(value: bigint): bigint {
  return ((value % P) + P) % P;
}

/** By Fermat: a^(p-2). */
function inverse(value: bigint): bigint {
  let result = 1n;
  let base = value;
  for (let power = P - 2n; power > 0n; power >>= 1n) {
    if ((power & 1n) === 1n) result = modulo(result * base);
    base = modulo(base * base);
  }
  return result;
}
