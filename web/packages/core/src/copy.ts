// copy.ts — puts a text where the person can paste it. Call it in the press itself.

/** False: the browser let nobody do that. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages without https have no clipboard; the old way copies what is selected.
    const shown = document.createElement('pre');
    shown.textContent = text;
    document.body.append(shown);
    getSelection()?.selectAllChildren(shown);
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    const done = document.execCommand('copy');
    shown.remove();
    return done;
  }
}
