// The list of stories as they ring. All text is set as text; links came cleaned from the server.
export default {
  template: `
    <div>
      <div class="na-filters" role="search" :aria-label="words.filters">
        <select v-model="level" :aria-label="words.level"><option value="">{{ words.level }}</option>
          <option v-for="each in levels" :key="each" :value="each">{{ words[each] }}</option></select>
        <select v-model="direction" :aria-label="words.direction"><option value="">{{ words.direction }}</option>
          <option value="escalation">↑ {{ words.escalation }}</option>
          <option value="de-escalation">↓ {{ words.deescalation }}</option></select>
        <select v-for="kind in ['rule', 'tag', 'lang']" :key="kind" v-model="chosen[kind]" :aria-label="words[kind]">
          <option value="">{{ words[kind] }}</option>
          <option v-for="each in known(kind)" :key="each" :value="each">{{ each }}</option></select>
        <input v-model="text" ref="text" type="search" :placeholder="words.search" :aria-label="words.search">
        <button type="button" :aria-pressed="sound" @click="sound = !sound">{{ words.sound }}</button>
        <button type="button" :aria-pressed="wall" @click="setWall(!wall)">{{ words.wall }}</button>
      </div>
      <p v-if="!shown.length" class="na-empty">{{ rows.length ? words.nothing_left : words.nothing }}</p>
      <ul class="na-live" aria-live="polite" aria-relevant="additions" :aria-label="words.stories">
        <li v-for="row in shown" :key="row.id" :class="['level-' + row.level, row.fresh ? 'fresh' : '']">
          <b>{{ row.score }} {{ words[row.level] }}</b>
          <b :title="row.direction" :aria-label="row.direction">{{ row.arrow }}</b>
          <a class="head" :href="'/story/' + encodeURIComponent(row.id)" :lang="row.lang"><template
            v-for="(part, at) in row.title_parts" :key="at"><mark v-if="part[1]">{{ part[0] }}</mark><template
            v-else>{{ part[0] }}</template></template></a>
          <span class="when"><time :datetime="row.told">{{ clock(row.told) }}</time> · {{ row.delay }} s</span>
          <span v-if="row.summary" class="more" :lang="row.lang"><template
            v-for="(part, at) in row.summary_parts" :key="at"><mark v-if="part[1]">{{ part[0] }}</mark><template
            v-else>{{ part[0] }}</template></template></span>
          <span class="more">{{ row.rule_title }} · {{ row.reason }} · <template
            v-for="(each, at) in row.sources" :key="at"><template v-if="at">, </template><a
            v-if="each.link" :href="each.link" target="_blank" rel="noopener noreferrer">{{ each.owner }}</a><template
            v-else>{{ each.owner }}</template> {{ clock(each.seen) }}</template></span>
        </li>
      </ul>
    </div>`,
  props: { first: Array, words: Object, most: Number, startwall: Boolean },
  data() {
    return {
      rows: this.first.slice(), level: "", direction: "", text: "", sound: false, wall: false,
      chosen: { rule: "", tag: "", lang: "" }, levels: ["critical", "high", "medium", "low"],
    };
  },
  computed: {
    shown() {
      const least = this.level ? this.levels.indexOf(this.level) : 3;
      const wanted = this.text.toLowerCase();
      return this.rows.filter((row) =>
        this.levels.indexOf(row.level) <= least &&
        (!this.direction || row.direction === this.direction) &&
        (!this.chosen.rule || row.rule === this.chosen.rule) &&
        (!this.chosen.tag || (row.tags || []).includes(this.chosen.tag)) &&
        (!this.chosen.lang || row.lang === this.chosen.lang) &&
        (!wanted || (row.title + " " + row.summary).toLowerCase().includes(wanted)));
    },
  },
  methods: {
    known(kind) {
      const found = kind === "tag" ? this.rows.flatMap((row) => row.tags || []) : this.rows.map((row) => row[kind]);
      return [...new Set(found.filter(Boolean))].sort();
    },
    clock(at) {
      return at ? new Date(at).toLocaleTimeString(document.documentElement.lang || undefined) : "";
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
      this.rows = [...fresh.values(), ...kept].sort((a, b) => (a.told < b.told ? 1 : a.told > b.told ? -1 : 0)).slice(0, this.most);
    },
    beep() {
      const context = (this.audio ||= new AudioContext());
      for (const [at, pitch] of [[0, 880], [0.25, 660]]) {
        const tone = context.createOscillator();
        tone.frequency.value = pitch;
        tone.connect(context.destination);
        tone.start(context.currentTime + at);
        tone.stop(context.currentTime + at + 0.2);
      }
    },
    setWall(on) {
      this.wall = on;
      document.body.classList.toggle("na-wall", on);
      if (on) Quasar.Dark.set(true);
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
      else if (event.key === "/") { event.preventDefault(); this.$refs.text.focus(); }
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
    if (this.startwall) this.setWall(true);
  },
  unmounted() {
    clearTimeout(this.waiting);
    window.socket?.off("news", this.add);
    window.socket?.io.off("reconnect", this.again);
    window.removeEventListener("keydown", this.pressed);
    document.body.classList.remove("na-wall");
  },
};
