/**
 * `@vivavoce/widget/react`: the element as a component.
 *
 * A server renders the bare element; the browser makes it live in an effect, so both have the same HTML.
 */
import { createElement, forwardRef, useEffect, useImperativeHandle, useRef, type ReactElement } from "react";
import { defineWidgets } from "./define.js";
import type { VivavoceWidget as Element } from "./element.js";
import type { WidgetEvents } from "./events.js";
import { attributeOf, type Settings } from "./settings.js";

/** `onSessionStarted` for `atoms-session_started`. */
type Pascal<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${Capitalize<First>}${Pascal<Rest>}`
  : Capitalize<Name>;

type Handlers = {
  readonly [
    Name in keyof WidgetEvents as Name extends `atoms-${infer Short}` ? `on${Pascal<Short>}` : never
  ]?: (detail: WidgetEvents[Name]["detail"]) => void;
};

/** The attributes in camel case, and a handler for each event. */
export interface WidgetProps extends Partial<Settings>, Handlers {
  readonly assistantId: string;
  readonly server?: string;
  readonly lang?: string;
  readonly dir?: "ltr" | "rtl";
  readonly id?: string;
}

const HANDLER = /^on[A-Z]/;

/** `atoms-session_started` of `onSessionStarted`. */
const eventOf = (prop: string): string =>
  `atoms-${prop
    .slice(2)
    .replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`)
    .toLowerCase()}`;

function component(tag: "vivavoce-widget" | "atoms-widget") {
  const Widget = forwardRef<Element, WidgetProps>((props, ref): ReactElement => {
    const element = useRef<Element>(null);
    const handlers = useRef<Readonly<Record<string, unknown>>>({});
    const given = Object.entries(props);
    const attributes = given
      .filter(([name, value]) => !HANDLER.test(name) && value !== undefined)
      .map(([name, value]) => [attributeOf(name), String(value)]);
    const names = given.filter(([name, value]) => HANDLER.test(name) && value).map(([name]) => name);
    useImperativeHandle(ref, () => element.current as Element, []);
    useEffect(() => {
      handlers.current = { ...props };
    });
    useEffect(() => {
      const listening = names.map((name) => {
        const call = (event: Event): void => {
          const handler = handlers.current[name];
          if (typeof handler === "function") {
            (handler as (detail: unknown) => void)((event as CustomEvent).detail);
          }
        };
        element.current?.addEventListener(eventOf(name), call);
        return [eventOf(name), call] as const;
      });
      const { current } = element;
      return () => listening.forEach(([event, call]) => current?.removeEventListener(event, call));
    }, [names.join()]);
    useEffect(defineWidgets, []);
    return createElement(tag, { ...Object.fromEntries(attributes), ref: element });
  });
  Widget.displayName = tag === "atoms-widget" ? "AtomsWidget" : "VivavoceWidget";
  return Widget;
}

export const VivavoceWidget = component("vivavoce-widget");
export const AtomsWidget = component("atoms-widget");
