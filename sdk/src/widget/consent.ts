/** Whether the visitor has agreed, remembered under the operator's own key where there is one. */

// Pages without storage (a sandboxed frame, a strict browser) ask anew each time.
const storage = (): Storage | undefined => {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
};

export function hasAgreed(key: string | undefined): boolean {
  try {
    return key !== undefined && storage()?.getItem(key) === "true";
  } catch {
    return false;
  }
}

export function rememberAgreement(key: string | undefined): void {
  try {
    if (key !== undefined) {
      storage()?.setItem(key, "true");
    }
  } catch {
    // A full or forbidden storage: asked anew next time.
  }
}
