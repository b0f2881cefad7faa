// The product's own sentences: `text("plan.generate")`, so that a reworded label breaks no test.
import { readFileSync } from "node:fs";

export type Language = "en" | "es";

const catalogues = { en: read("en"), es: read("es") };

/** The sentence of a key, with its arguments filled in. */
export function text(
  key: string,
  values: Record<string, string | number> = {},
  language: Language = "en",
): string {
  const sentence = catalogues[language].get(key);
  if (sentence === undefined) {
    throw new Error(`locales/${language}.toml has no ${key}`);
  }
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

/** Every sentence of a table: `table("status")`. */
export function table(name: string, language: Language = "en"): string[] {
  return [...catalogues[language]]
    .filter(([key]) => key.startsWith(`${name}.`))
    .map(([, sentence]) => sentence);
}

/** How a sentence begins, before the first of its arguments. */
export function beginning(key: string, language: Language = "en"): string {
  const gap = "\u0000";
  return text(key, new Proxy({}, { get: () => gap }), language).split(gap)[0] ?? "";
}

/** A regular expression for a sentence with any numbers in the place of its arguments. */
export function pattern(key: string, language: Language = "en"): RegExp {
  const gap = "\u0000";
  const values = new Proxy({}, { get: () => gap });
  const escaped = text(key, values, language).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll(gap, ".+?")}$`);
}

/** The files are flat: a line is a table's name, a key with its sentence, a comment, or empty. */
function read(language: Language): Map<string, string> {
  const file = readFileSync(new URL(`../../locales/${language}.toml`, import.meta.url), "utf8");
  const sentences = new Map<string, string>();
  let table = "";
  for (const line of file.split("\n")) {
    const [, heading, key, sentence] =
      /^(?:\[(\w+)\]|([\w-]+)\s*=\s*(".*"))\s*$/.exec(line) ?? [];
    if (heading !== undefined) {
      table = heading;
    } else if (key !== undefined && sentence !== undefined) {
      sentences.set(`${table}.${key}`, JSON.parse(sentence) as string);
    }
  }
  return sentences;
}
