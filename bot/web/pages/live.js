// The list of stories as they ring. All text is set as text; links came cleaned from the server.
// What is chosen stands in the address: a wall that loads anew shows the same, and a choice can be sent to a colleague.
const AT_ONCE = 20; // rows of the first frame; the others follow in the next ones
const CHOICES = ["level", "direction", "rule", "tag", "lang"];
const said = (parts) => parts.map((part) => part[0]).join("");
const ROW = { hour: "2-digit", minute: "2-digit", second: "2-digit" };

export default {
  template: `
    <div>
      <div class="na-filters" role="search" :aria-label="words.filters">
        <select v-for="kind in choices" :key="kind" v-model="chosen[kind]" :aria-label="words[kind]">
          <option value="">{{ words[kind] }}</option>
          <option v-for="[value, label] in options(kind)" :key="value" :value="value">{{ label }}</option></select>
        <input v-model="text" ref="text" type="search" :placeholder="words.search" :aria-label="words.search">
        <button type="button" :aria-pressed="sound" :title="words.sound_why" @click="setSound(!sound)">{{
          blocked ? words.sound_blocked : words.sound }}</button>
        <button type="button" :aria-pressed="wall" :title="words.wall_why" @click="setWall(!wall)">{{ words.wall }}</button>
        <button v-if="narrowed" type="button" @click="widen">{{ words.all }}</button>
      </div>
      <p v-if="!shown.length" class="na-empty">{{ rows.length ? words.nothing_left : words.nothing }}</p>
      <ul class="na-live" aria-live="polite" aria-relevant="additions" :aria-label="words.stories">
        <li v-for="row in drawn" :key="row.id" v-memo="[row, today]" :class="['level-' + row.level, row.fresh ? 'fresh' : '']">
          <b>{{ row.score }} {{ words[row.level] }}</b>
          <b :title="words[row.direction]" :aria-label="words[row.direction]">{{ row.arrow }}</b>
          <a class="head" :href="'/story/' + encodeURIComponent(row.id)" :lang="row.lang"><template
            v-for="(part, at) in row.title_parts" :key="at"><mark v-if="part[1]">{{ part[0] }}</mark><template
            v-else>{{ part[0] }}</template></template></a>
          <span class="when" :title="words.delay"><time :datetime="row.told">{{ clock(row.told) }}</time> · {{
            lasted(row.delay) }}</span>
          <span v-if="row.summary_parts.length" class="more" :lang="row.lang"><template
            v-for="(part, at) in row.summary_parts" :key="at"><mark v-if="part[1]">{{ part[0] }}</mark><template
            v-else>{{ part[0] }}</template></template></span>
          <span class="more">{{ row.rule_title }} · {{ row.reason }} · <template
            v-for="(each, at) in row.sources" :key="at"><template v-if="at">, </template><a
            v-if="each.link" :href="each.link" target="_blank" rel="noopener noreferrer">{{ each.owner }}</a><template
            v-else>{{ each.owner }}</template> {{ clock(each.seen) }}</template></span>
        </li>
      </ul>
    </div>`,
  props: { first: String, words: Object, most: Number },
  data() {
    const asked = new URLSearchParams(location.search);
    return {
      rows: JSON.parse(this.first), choices: CHOICES, levels: ["critical", "high", "medium", "low"],
      chosen: Object.fromEntries(CHOICES.map((kind) => [kind, asked.get(kind) || ""])),
      text: asked.get("text") || "", sound: asked.has("sound"), wall: asked.has("wall"),
      blocked: false, today: new Date().toDateString(), upto: AT_ONCE,
    };
  },
  computed: {
    shown() {
      const { level, direction, rule, tag, lang } = this.chosen;
      const least = level ? this.levels.indexOf(level) : 3;
      const wanted = this.text.toLowerCase();
      return this.rows.filter((row) =>
        this.levels.indexOf(row.level) <= least &&
        (!direction || row.direction === direction) &&
        (!rule || row.rule === rule) &&
        (!tag || (row.tags || []).includes(tag)) &&
        (!lang || row.lang === lang) &&
        (!wanted || [row.title_parts, row.summary_parts].some((parts) => said(parts).toLowerCase().includes(wanted))));
    },
    drawn() {
      return this.shown.slice(0, this.upto);
    },
    narrowed() {
      return this.text || CHOICES.some((kind) => this.chosen[kind]);
    },
    address() {
      const told = { ...this.chosen, text: this.text, sound: this.sound ? 1 : "", wall: this.wall ? 1 : "" };
      return new URLSearchParams(Object.entries(told).filter(([, value]) => value)).toString();
    },
  },
  watch: {
    address(now) {
      history.replaceState(history.state, "", now ? "?" + now : location.pathname);
    },
  },
  created() {
    const lang = document.documentElement.lang || undefined; // to make one for every row takes longer than to draw it
    this.ofToday = new Intl.DateTimeFormat(lang, ROW);
    this.ofBefore = new Intl.DateTimeFormat(lang, { ...ROW, day: "numeric", month: "short" });
  },
  methods: {
    options(kind) {
      const words = (values, mark = () => "") => values.map((value) => [value, mark(value) + this.words[value]]);
      if (kind === "level") return words(this.levels);
      if (kind === "direction") return words(["escalation", "de-escalation"], (value) => (value[0] === "e" ? "↑ " : "↓ "));
      const found = kind === "tag" ? this.rows.flatMap((row) => row.tags || []) : this.rows.map((row) => row[kind]);
      const named = kind === "rule" ? Object.fromEntries(this.rows.map((row) => [row.rule, row.rule_title])) : {};
      const values = [...new Set([...found, this.chosen[kind]].filter(Boolean))];
      return values.map((value) => [value, named[value] || value]).sort((a, b) => a[1].localeCompare(b[1]));
    },
    clock(at) {
      const then = new Date(at);
      return at ? (then.toDateString() === this.today ? this.ofToday : this.ofBefore).format(then) : "";
    },
    lasted(seconds) {
      if (seconds < 100) return seconds + " s";
      return seconds < 6000 ? Math.round(seconds / 60) + " min" : Math.round(seconds / 3600) + " h";
    },
    widen() {
      CHOICES.forEach((kind) => { this.chosen[kind] = ""; });
      this.text = "";
    },
    add(batch) {
      const fresh = new Map(batch.map((row) => [row.id, row]));
      const before = new Map(this.rows.map((row) => [row.id, row]));
      for (const row of fresh.values()) {
        const known = before.get(row.id);
        row.fresh = !known || known.revision !== row.revision;
        if (row.fresh && row.level === "critical" && this.sound) this.beep();
      }
      const kept = this.rows.filter((row) => !fresh.has(row.id));
      const order = (a, b) => (a.told < b.told ? 1 : a.told > b.told ? -1 : 0);
      this.rows = [...fresh.values(), ...kept].sort(order).slice(0, this.most);
      this.today = new Date().toDateString();
    },
    // ── what is heard ──
    setSound(on) {
      this.sound = on || this.blocked;
      if (this.sound) this.beep(); // so that one hears that one will hear it
    },
    beep() {
      const context = (this.audio ||= new AudioContext());
      // A browser is silent until somebody has clicked on the page; what cannot be heard is said.
      context.resume().then(() => { this.blocked = false; });
      this.blocked = context.state === "suspended";
      if (this.blocked) return;
      for (const [at, pitch] of [[0, 880], [0.25, 660]]) {
        const tone = context.createOscillator();
        tone.frequency.value = pitch;
        tone.connect(context.destination);
        tone.start(context.currentTime + at);
        tone.stop(context.currentTime + at + 0.2);
      }
    },
    // ── how it is looked at ──
    setWall(on) {
      if (on && !this.wall) this.darkBefore = Quasar.Dark.isActive;
      this.wall = on;
      document.body.classList.toggle("na-wall", on);
      Quasar.Dark.set(on || Boolean(this.darkBefore));
    },
    step(by) {
      const links = [...this.$el.querySelectorAll("a.head")];
      const at = links.indexOf(document.activeElement);
      links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
    },
    pressed(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) return;
      if (event.key === "j") this.step(1);
      else if (event.key === "k") this.step(-1);
      else if (event.key === "w") this.setWall(!this.wall);
      else if (event.key === "Escape" && this.wall) this.setWall(false);
      else if (event.key === "/") { event.preventDefault(); this.$refs.text.focus(); }
    },
    grow() {
      this.upto += 2 * AT_ONCE;
      if (this.upto < this.most) this.growing = requestAnimationFrame(() => this.grow());
    },
    listen() {
      // An event sent before the handshake is dropped by the server, so "ready" waits for it.
      if (!window.socket || !window.did_handshake) { this.waiting = setTimeout(() => this.listen(), 20); return; }
      window.socket.on("news", this.add);
      window.socket.io.on("reconnect", this.again);
      this.$emit("ready");
    },
    again() {
      this.waiting = setTimeout(() => this.$emit("ready"), 1000);
    },
  },
  mounted() {
    this.listen();
    window.addEventListener("keydown", this.pressed);
    if (this.wall) { this.darkBefore = Quasar.Dark.isActive; this.setWall(true); }
    if (this.sound) this.beep();
    this.growing = requestAnimationFrame(() => requestAnimationFrame(() => this.grow()));
  },
  unmounted() {
    clearTimeout(this.waiting);
    cancelAnimationFrame(this.growing);
    window.socket?.off("news", this.add);
    window.socket?.io.off("reconnect", this.again);
    window.removeEventListener("keydown", this.pressed);
    document.body.classList.remove("na-wall");
  },
};
