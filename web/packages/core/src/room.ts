// room.ts — a LiveKit Room that can be let go of.

import { Room } from 'livekit-client';
import type { RoomOptions } from 'livekit-client';

/**
 * livekit-client 2.23.0 listens to `devicechange` for as long as its Room lives, by a closure that keeps the Room alive, and
 * registers a finalizer that keeps it alive as well: every call would leave one behind (30 KB). Without the registry its
 * constructor takes the plain way of older browsers; what it adds is noted here, and `release` takes it off again.
 */
export function openRoom(options: RoomOptions): { readonly room: Room; readonly release: () => void } {
  const devices = typeof navigator === 'undefined' ? undefined : (navigator.mediaDevices as MediaDevices | undefined);
  if (typeof devices?.addEventListener !== 'function') return { room: new Room(options), release: () => undefined };
  const shelf = Room as unknown as { cleanupRegistry: unknown };
  const registry = shelf.cleanupRegistry;
  const added: Parameters<MediaDevices['addEventListener']>[] = [];
  const add = devices.addEventListener.bind(devices);
  devices.addEventListener = (...listener: Parameters<MediaDevices['addEventListener']>): void => {
    added.push(listener);
    add(...listener);
  };
  shelf.cleanupRegistry = undefined;
  try {
    const room = new Room(options);
    return { room, release: () => { for (const [type, listener] of added.splice(0)) devices.removeEventListener(type, listener); } };
  } finally {
    shelf.cleanupRegistry = registry;
    Reflect.deleteProperty(devices, 'addEventListener'); // the prototype's shows again
  }
}
