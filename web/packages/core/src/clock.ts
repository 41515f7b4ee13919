// clock.ts — durations as people read them and as screen readers say them.

/** 75 000 → "01:15"; from one hour on "1:00:00". */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${String(hours)}:${two(minutes)}:${two(seconds % 60)}` : `${two(minutes)}:${two(seconds % 60)}`;
}

/** 252 000 → "4 minutes 12 seconds". */
export function speakDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const many = (value: number, unit: string): string => `${String(value)} ${unit}${value === 1 ? '' : 's'}`;
  const parts: string[] = [];
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  if (hours > 0) parts.push(many(hours, 'hour'));
  if (minutes > 0) parts.push(many(minutes, 'minute'));
  if (hours === 0 && (seconds % 60 > 0 || minutes === 0)) parts.push(many(seconds % 60, 'second'));
  return parts.join(' ');
}
