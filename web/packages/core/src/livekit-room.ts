// livekit-room.ts — a Room that can be let go of entirely. livekit-client 2.23 leaves its listener for plugged devices on
// navigator.mediaDevices until the room is collected, and that very listener keeps the room from being collected.

import { Room } from 'livekit-client';
import type { RoomOptions } from 'livekit-client';

export interface HeldRoom {
  readonly room: Room;
  /** After `room.disconnect()`: takes the last listeners away. */
  readonly release: () => void;
}

type Listening = Parameters<MediaDevices['addEventListener']>;

export function openRoom(options: RoomOptions): HeldRoom {
  // Old browsers and pages without https have none.
  const devices = typeof navigator === 'undefined' ? undefined : (navigator.mediaDevices as MediaDevices | undefined);
  if (devices === undefined) return { room: new Room(options), release: () => undefined };
  const kept: Listening[] = [];
  // An own property over the prototype's method, for as long as the constructor runs.
  const watched = function (this: MediaDevices, ...listening: Listening): void {
    kept.push(listening);
    EventTarget.prototype.addEventListener.apply(devices, listening);
  };
  const descriptor = Object.getOwnPropertyDescriptor(devices, 'addEventListener');
  Object.defineProperty(devices, 'addEventListener', { value: watched, configurable: true });
  try {
    return {
      room: new Room(options),
      release() {
        for (const [type, listener] of kept) devices.removeEventListener(type, listener);
      },
    };
  } finally {
    if (descriptor === undefined) Reflect.deleteProperty(devices, 'addEventListener');
    else Object.defineProperty(devices, 'addEventListener', descriptor);
  }
}
