// Offers keys, values and $lists while a file of rules is typed; what there is to offer comes with the page.
import * as CM from "nicegui-codemirror";

const KEY = /^(\s*(?:- )*)([\w-]*)$/;
const VALUE = /^\s*(?:- )*(\w+):\s+(?:\[(?:[^\]]*,)?\s*)?([\w-]*)$/;
const OPENED = /^(\s*(?:- )*)(\w+):\s*$/;

// The key under which a line of this depth stands: the nearest one above that is less deep.
function parentOf(doc, line, depth) {
  for (let number = line - 1; number > 0; number--) {
    const found = OPENED.exec(doc.line(number).text);
    if (found && found[1].length < depth) return found[2];
    const text = doc.line(number).text;
    const own = text.length - text.replace(/^\s*(?:- )*/, "").length;
    if (text.trim() && own < depth) depth = Math.max(own, 1);
  }
  return "";
}

export function offered(state, pos, offers) {
  const line = state.doc.lineAt(pos);
  const before = line.text.slice(0, pos - line.from);
  const list = /\$(\w*)$/.exec(before);
  if (list) return { from: pos - list[1].length, options: offers.lists.map((label) => ({ label, type: "variable" })) };
  const value = VALUE.exec(before);
  if (value) {
    const options = (offers.values[value[1]] || []).map((label) => ({ label, type: "enum" }));
    return { from: pos - value[2].length, options };
  }
  const key = KEY.exec(before);
  if (!key) return null;
  const keys = offers.keys[key[1] ? parentOf(state.doc, line.number, key[1].length) : ""] || {};
  const options = Object.entries(keys).map(([label, info]) => ({ label, info, type: "property", apply: label + ": " }));
  return { from: pos - key[2].length, options };
}

export default {
  template: "<span hidden></span>",
  props: { editor: Number, offers: Object },
  async mounted() {
    await this.$nextTick();
    const element = getElement(this.editor);
    await element.editorPromise;
    const source = (context) => {
      const found = offered(context.state, context.pos, this.offers);
      const typed = found && found.from < context.pos;
      const list = found && context.state.sliceDoc(found.from - 1, found.from) === "$";
      return found && found.options.length && (typed || list || context.explicit) ? { ...found, validFor: /^[\w-]*$/ } : null;
    };
    const extension = CM.EditorState.languageData.of(() => [{ autocomplete: source }]);
    element.editor.dispatch({ effects: CM.StateEffect.appendConfig.of(extension) });
  },
};
