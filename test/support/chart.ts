import { gzipSync } from "node:zlib";

/** A chart as `helm package` writes it, in base64, of these files. */
export function chartArchive(name: string, files: Readonly<Record<string, string>>): string {
  const parts = Object.entries(files).map(([path, text]) => tarEntry(`${name}/${path}`, text));
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)])).toString("base64");
}

/** A chart with one config map, whose color is a value. */
export function colorChart(version = "0.1.0"): string {
  return chartArchive("color", {
    "Chart.yaml": `apiVersion: v2\nname: color\nversion: ${version}\nappVersion: "1"\n`,
    "values.yaml": "color: blue\nsecret: none\n",
    "templates/map.yaml": [
      "{{ if .Values.broken }}{{ fail .Values.broken }}{{ end }}",
      "apiVersion: v1",
      "kind: ConfigMap",
      'metadata: {name: "{{ .Release.Name }}"}',
      "data: {color: {{ .Values.color | quote }}}",
      "",
    ].join("\n"),
  });
}

function tarEntry(path: string, text: string): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(512);
  const octal = (value: number, length: number): string =>
    `${value.toString(8).padStart(length - 1, "0")}\0`;
  header.write(path, 0);
  header.write(octal(0o644, 8), 100);
  header.write(octal(0, 8) + octal(0, 8) + octal(content.length, 12) + octal(0, 12), 108);
  header.write("        0", 148);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding]);
}
