import { badBody } from "../yaml-body.ts";
import { type Fields, textField } from "./helm-fields.ts";

/** Where a chart comes from: bytes that travelled with the task, or something that helm fetches. */
export type HelmChart =
  | { readonly from: "archive"; readonly archive: Uint8Array }
  | { readonly from: "url"; readonly url: string; readonly version: string | undefined }
  | {
      readonly from: "repository";
      readonly repository: string;
      readonly name: string;
      readonly version: string | undefined;
    };

const CHART_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** A version or a range of versions, as helm takes it: `1.2.3`, `^1.2`, `>=1.2 <2`. */
const VERSION = /^[A-Za-z0-9^~<>=*][A-Za-z0-9.+~^<>=*|, -]{0,127}$/;
const LONGEST_URL = 2048;

/** Reads `chart` of a task; `plainHttp` allows http: besides https: and oci:. Refuses with BadBody. */
export function readChart(fields: Fields, plainHttp: boolean): HelmChart {
  const archive = textField(fields, "archive");
  const url = textField(fields, "url");
  const repository = textField(fields, "repository");
  const ways = [archive, url, repository].filter((way) => way !== undefined);
  if (ways.length !== 1)
    throw badBody("chart must have exactly one of archive, url and repository");
  if (archive !== undefined) return { from: "archive", archive: readArchive(archive) };
  const version = readVersion(textField(fields, "version"));
  if (url !== undefined) return { from: "url", url: readUrl("chart.url", url, plainHttp), version };
  const name = textField(fields, "name") ?? "";
  if (!CHART_NAME.test(name))
    throw badBody(`chart.name must be the name of a chart: it is ${JSON.stringify(name)}`);
  const checked = readUrl("chart.repository", repository ?? "", plainHttp);
  return { from: "repository", repository: checked, name, version };
}

function readArchive(text: string): Uint8Array {
  const packed = text.replace(/\s+/g, "");
  const bytes = Buffer.from(packed, "base64");
  // Node reads base64 leniently; what it skipped would be missed only by helm, with a riddle for an error.
  if (bytes.toString("base64").replace(/=+$/, "") !== packed.replace(/=+$/, ""))
    throw badBody("chart.archive must be base64");
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b)
    throw badBody("chart.archive must be a chart as `helm package` writes it, a .tgz in base64");
  return bytes;
}

function readVersion(version: string | undefined): string | undefined {
  if (version !== undefined && !VERSION.test(version))
    throw badBody(
      `chart.version must be a version or a range: it is ${JSON.stringify(version.slice(0, 100))}`,
    );
  return version;
}

function readUrl(field: string, text: string, plainHttp: boolean): string {
  const schemes = ["https:", "oci:", ...(plainHttp ? ["http:"] : [])];
  const url = text.length <= LONGEST_URL && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !schemes.includes(url.protocol) || url.hostname === "")
    throw badBody(`${field} must be an absolute URL with ${schemes.join(" or ")}`);
  // Arguments of a process can be read by everybody on the machine.
  if (url.username !== "" || url.password !== "")
    throw badBody(`${field} must not hold a user or password; log helm in on the cluster instead`);
  return url.href;
}
