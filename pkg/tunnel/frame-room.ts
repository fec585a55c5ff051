/** Bytes for one frame: as much as one with bulk can have; larger ones are rare. */
const ROOM_BYTES = 128 * 1024;
/** Rooms that are kept for later. */
const KEPT = 16;

/**
 * Memory for frames on their way, used again and again. Fresh memory for each of them would make the
 * garbage collector run every few megabytes that pass through a relay, and cost more than sending them.
 */
export class FrameRoom {
  readonly #free: Buffer[] = [];
  readonly #ours = new WeakMap<ArrayBufferLike, Buffer>();

  /** The pieces one behind the other; to be given back once nobody reads them any more. */
  join(pieces: readonly Uint8Array[], size: number): Uint8Array {
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined) return only;
    if (size > ROOM_BYTES || size < ROOM_BYTES / 16) return Buffer.concat(pieces, size);
    const room = this.#free.pop() ?? this.#make();
    let at = 0;
    for (const piece of pieces) {
      room.set(piece, at);
      at += piece.length;
    }
    return room.subarray(0, size);
  }

  /** Frames that are not from here, or were given back before, are left alone. */
  giveBack(frame: Uint8Array): void {
    const room = this.#ours.get(frame.buffer);
    if (room !== undefined && this.#free.length < KEPT && !this.#free.includes(room))
      this.#free.push(room);
  }

  #make(): Buffer {
    const room = Buffer.allocUnsafeSlow(ROOM_BYTES);
    this.#ours.set(room.buffer, room);
    return room;
  }
}
