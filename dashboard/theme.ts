// Dark or light: as the system says until the reader says otherwise. The choice is kept in the browser, nowhere else.
// Must not: name colours (see `palette.ts` and `style.css`).

import type { Theme, ThemeName } from './palette.ts';
import { themes } from './palette.ts';

const key = 'roadbed-theme';

function kept(): ThemeName | null {
  try {
    const name = localStorage.getItem(key);
    return name === 'dark' || name === 'light' ? name : null;
  } catch {
    // A browser may forbid storage; the system's choice holds then.
    return null;
  }
}

function keep(name: ThemeName): void {
  try {
    localStorage.setItem(key, name);
  } catch {
    // Not kept: the next visit follows the system again.
  }
}

/** Applies the theme now and at every change; the button turns it over. */
export function followTheme(button: HTMLButtonElement, apply: (theme: Theme) => void): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const name = (): ThemeName => kept() ?? (dark.matches ? 'dark' : 'light');
  const show = (): void => {
    const now = name();
    document.documentElement.dataset.theme = now;
    button.textContent = now === 'dark' ? 'Light theme' : 'Dark theme';
    apply(themes[now]);
  };
  button.addEventListener('click', () => {
    keep(name() === 'dark' ? 'light' : 'dark');
    show();
  });
  dark.addEventListener('change', show);
  show();
}
