import { OteError } from "../base/errors.ts";

/** Who somebody is, or what they say, cannot be trusted; `code` says why. */
export class TrustError extends OteError {
  readonly code: TrustCode;
  constructor(code: TrustCode, text: string, options?: ErrorOptions) {
    super(text, options);
    this.code = code;
  }
}

/** Why somebody or something is not trusted. */
export type TrustCode =
  /** It cannot be read as a certificate of a cluster. */
  | "CERTIFICATE_INVALID"
  /** It was signed by nobody we trust. */
  | "FOREIGN_AUTHORITY"
  | "CERTIFICATE_EXPIRED"
  | "CERTIFICATE_NOT_YET_VALID"
  /** The cluster was removed from the tree. */
  | "REVOKED"
  /** A signature is not by whom it should be. */
  | "FORGED"
  /** The owner of the certificate was not granted this. */
  | "NOT_GRANTED"
  /** A join token cannot be used. */
  | "TOKEN_INVALID"
  /** The name belongs to another key. */
  | "NAME_TAKEN";
