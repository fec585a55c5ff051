import { StatusError } from "../apis/status.ts";

/** Reads a body in Kubernetes' protobuf notation. */
export function decodeProtobuf(_body: Uint8Array): unknown {
  throw StatusError.of("UnsupportedMediaType", "protobuf bodies are not understood");
}
