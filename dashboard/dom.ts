// Making elements. All text goes in as text nodes: what a run's file says can never become markup here.
// Must not: hold anything of runs.

type Child = Node | string | null;

export interface Props {
  readonly class?: string;
  readonly title?: string;
  /** Any other attribute by name. */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly onClick?: () => void;
}

/** An element with its attributes and children; null children are left out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (props.class !== undefined) element.className = props.class;
  if (props.title !== undefined) element.title = props.title;
  for (const [name, value] of Object.entries(props.attributes ?? {})) element.setAttribute(name, value);
  if (props.onClick !== undefined) element.addEventListener('click', props.onClick);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The element of the page's skeleton with this id. Throws where `index.html` lacks it or it is of another kind. */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`index.html lacks #${id} as ${kind.name}`);
}

/** Sets an element's text where it differs, so that nothing is laid out or read aloud again for nothing. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A drop-down's options, rebuilt only where they differ; what was chosen stays chosen. */
export function setOptions(
  select: HTMLSelectElement,
  options: readonly { readonly value: string; readonly text: string }[],
): void {
  const same =
    select.options.length === options.length &&
    options.every(
      ({ value, text }, i) => select.options[i]?.value === value && select.options[i]?.text === text,
    );
  if (same) return;
  const chosen = select.value;
  select.replaceChildren(...options.map(({ value, text }) => h('option', { attributes: { value } }, text)));
  select.value = chosen;
}
