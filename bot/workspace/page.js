"use strict";
// The page of the practice workspace. Everything from messages becomes text nodes, never markup.

const $ = (id) => document.getElementById(id);
const here = { user: sessionStorage.user || "", channel: "", thread: "", tab: "messages", since: "", bot: "", started: Date.now() / 1000 };
let drawing = 0, asking = 0; // an answer that a later question has overtaken is let go
let people = {}, rooms = [], drawn = {}, modalDrawn = "", homeDrawn = "", newest = "";
const EMOJI = { wave: "👋", clap: "👏", tada: "🎉", eyes: "👀", thumbsup: "👍", "+1": "👍", heart: "❤️", white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", bulb: "💡", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", bar_chart: "📊", calendar: "📅", hourglass: "⌛", hourglass_flowing_sand: "⏳", star: "⭐", sparkles: "✨", question: "❓", hospital: "🏥", pray: "🙏", smile: "😄", slightly_smiling_face: "🙂", raised_hands: "🙌", arrow_up: "⬆️", arrow_down: "⬇️", arrow_right: "➡️", lock: "🔒", bell: "🔔", no_bell: "🔕", mag: "🔍", memo: "📝", speech_balloon: "💬", information_source: "ℹ️", thinking_face: "🤔", ok_hand: "👌", muscle: "💪", trophy: "🏆", blue_heart: "💙", green_heart: "💚" };

// -- the server ------------------------------------------------------------------------------

async function look(at, facts = {}) {
  const answer = await fetch(`/practice/${at}?${new URLSearchParams(facts)}`);
  return answer.json();
}

async function act(deed, facts) {
  const answer = await fetch(`/practice/${deed}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(facts) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail || said.error);
  return said;
}

// -- making elements ---------------------------------------------------------------------------

function make(tag, looks = {}, ...inside) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(looks)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...inside.filter((part) => part != null && part !== ""));
  return node;
}

const plain = (text) => (text || "").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
const emoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] || whole);
const name = (id) => (people[id] ? people[id].real_name : id);

function link(address, label) {
  if (!/^(https?:|mailto:)/.test(address)) return document.createTextNode(label);
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}

function angle(inside) {
  const [what, label] = inside.split("|", 2);
  if (what[0] === "@") return make("span", { class: "mention" }, "@" + name(what.slice(1)));
  if (what[0] === "#") return make("span", { class: "mention" }, "#" + ((rooms.find((r) => r.id === what.slice(1)) || {}).name || label || what.slice(1)));
  if (what[0] === "!") {
    const loud = /^!(here|channel|everyone)/.exec(what);
    return make("span", { class: "mention" + (loud ? " loud" : "") }, loud ? "@" + loud[1] : plain(label || what.slice(1)));
  }
  return link(plain(what), plain(label || what.replace(/^mailto:/, "")));
}

const INLINE = /<([^<>\n]+)>|`([^`\n]+)`|(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])/g;

function inline(text) {
  const found = document.createDocumentFragment();
  let at = 0;
  for (const hit of text.matchAll(INLINE)) {
    found.append(emoji(plain(text.slice(at, hit.index))));
    if (hit[1] !== undefined) found.append(angle(hit[1]));
    else if (hit[2] !== undefined) found.append(make("code", {}, plain(hit[2])));
    else found.append(make(hit[3] !== undefined ? "strong" : hit[4] !== undefined ? "em" : "s", {}, inline(hit[3] ?? hit[4] ?? hit[5])));
    at = hit.index + hit[0].length;
  }
  found.append(emoji(plain(text.slice(at))));
  return found;
}

function mrkdwn(text) {
  const found = document.createDocumentFragment();
  (text || "").split(/```/).forEach((part, number) => {
    if (number % 2) { found.append(make("pre", {}, plain(part.replace(/^\n/, "")))); return; }
    let quote = null;
    part.split("\n").forEach((line, row) => {
      const quoted = /^(&gt;|>) ?(.*)$/.exec(line);
      if (quoted) {
        if (!quote) found.append((quote = make("blockquote")));
        else quote.append(make("br"));
        quote.append(inline(quoted[2]));
      } else {
        if (row && !quote) found.append(make("br"));
        quote = null;
        found.append(inline(line));
      }
    });
  });
  return found;
}

function markdown(text) { // standard Markdown, the everyday part of it, put into Slack's dialect
  const found = document.createDocumentFragment();
  const safe = (line) => inline(line.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;")
    .replace(/\[([^\]]+)\]\((\S+?)\)/g, "<$2|$1>").replace(/\*\*(.+?)\*\*/g, "\u0001$1\u0001")
    .replace(/(?<!\w)\*(\S[^*]*?)\*/g, "_$1_").replace(/\u0001/g, "*"));
  let list = null;
  for (const line of text.split("\n")) {
    const head = /^(#{1,6}) (.*)$/.exec(line), item = /^\s*(?:[-*]|(\d+)\.) (.*)$/.exec(line);
    if (item) {
      if (!list) found.append((list = make(item[1] ? "ol" : "ul")));
      list.append(make("li", {}, safe(item[2])));
      continue;
    }
    list = null;
    if (head) found.append(make("p", { role: "heading", "aria-level": 4 }, make("strong", {}, safe(head[2]))));
    else if (line.trim()) found.append(make("p", {}, safe(line)));
  }
  return found;
}

const words = (text) => (text.type === "mrkdwn" ? mrkdwn(text.text) : document.createTextNode(emoji(text.text)));

// -- rich text, tables, charts, pictures --------------------------------------------------------

function run(part) {
  let node;
  if (part.type === "text") node = document.createTextNode(part.text);
  else if (part.type === "link") node = link(part.url, part.text || part.url);
  else if (part.type === "user") node = make("span", { class: "mention" }, "@" + name(part.user_id));
  else if (part.type === "channel") node = angle("#" + part.channel_id);
  else if (part.type === "broadcast") node = angle("!" + part.range);
  else if (part.type === "emoji") node = document.createTextNode(EMOJI[part.name] || `:${part.name}:`);
  else node = document.createTextNode(part.fallback || part.value || "");
  const tags = { bold: "strong", italic: "em", strike: "s", code: "code" };
  for (const [style, on] of Object.entries(part.style || {})) if (on && tags[style]) node = make(tags[style], {}, node);
  return node;
}

function rich(block) {
  const found = make("div", { style: null });
  for (const part of block.elements) {
    if (part.type === "rich_text_list") found.append(make(part.style === "ordered" ? "ol" : "ul", {}, ...part.elements.map((e) => make("li", {}, ...e.elements.map(run)))));
    else if (part.type === "rich_text_quote") found.append(make("blockquote", {}, ...lines(part.elements)));
    else if (part.type === "rich_text_preformatted") found.append(make("pre", {}, ...part.elements.map(run)));
    else found.append(make("div", {}, ...lines(part.elements)));
  }
  return found;
}

const lines = (parts) => parts.flatMap((part) => part.type !== "text" ? [run(part)] : part.text.split("\n").flatMap((text, row) => [row ? make("br") : null, run({ ...part, text })]));
const cell = (part) => (part.type === "rich_text" ? rich(part) : document.createTextNode(part.text ?? String(part.value ?? "")));

function table(rows, caption, settings = [], headColumn = -1) {
  const looks = (column) => ({ class: (settings[column] || {}).align });
  const [head, ...body] = rows;
  return make("div", { class: "block scroll", tabindex: "0", role: "region", "aria-label": caption || "Table" }, make("table", {},
    caption ? make("caption", {}, caption) : null,
    make("thead", {}, make("tr", {}, ...head.map((part, c) => make("th", { scope: "col", ...looks(c) }, cell(part))))),
    make("tbody", {}, ...body.map((row) => make("tr", {}, ...row.map((part, c) => make(c === headColumn ? "th" : "td", c === headColumn ? { scope: "row", ...looks(c) } : looks(c), cell(part))))))));
}

function chart(block) {
  const raw = (text) => ({ type: "raw_text", text: String(text) });
  const drawn = block.chart;
  const caption = `${block.title} (${drawn.type} chart; shown here as a table)`;
  if (drawn.type === "pie") return table([[raw(""), raw("Value")], ...drawn.segments.map((s) => [raw(s.label), raw(s.value)])], caption, [], 0);
  const { categories, x_label: across } = drawn.axis_config;
  const values = (series) => Object.fromEntries(series.data.map((p) => [p.label, p.value]));
  return table([[raw(across || ""), ...drawn.series.map((s) => raw(s.name))], ...categories.map((c) => [raw(c), ...drawn.series.map((s) => raw(values(s)[c]))])], caption, [], 0);
}

function picture(part, small = false) {
  const file = part.slack_file ? part.slack_file.id || (/\/files\/(\w+)\//.exec(part.slack_file.url) || [])[1] : "";
  if (file) return make("img", { src: `/practice/file/${file}`, alt: part.alt_text, loading: small ? null : "lazy" });
  return make("span", { class: "outside" }, "Picture elsewhere, not fetched: ", link(part.image_url, part.alt_text || part.image_url));
}

// -- what can be pressed -------------------------------------------------------------------------

async function sure(confirm) {
  if (!confirm) return true;
  $("sure-name").textContent = confirm.title.text;
  $("sure-text").replaceChildren(words(confirm.text));
  $("sure-yes").textContent = confirm.confirm.text;
  $("sure-no").textContent = confirm.deny.text;
  $("sure").returnValue = "no";
  $("sure").showModal();
  await new Promise((done) => $("sure").addEventListener("close", done, { once: true }));
  return $("sure").returnValue === "yes";
}

async function press(node, place, block, part, value) {
  if (!(await sure(part.confirm))) return;
  const told = node.closest(".block") || node;
  told.querySelectorAll(":scope > .told").forEach((old) => old.remove());
  try {
    const said = await act("press", { user: here.user, ...place, block_id: block.block_id, action_id: part.action_id, value });
    if (!said.acknowledged) throw new Error("auditbot did not answer in time.");
  } catch (error) { told.append(make("span", { class: "told", role: "alert" }, error.message)); }
}

const options = (part) => (part.option_groups || [part]).flatMap((group) => group.options || []);

function control(part, block, place, change) { // a menu, date, or boxes; `change` hears of a choice
  const label = (part.placeholder || {}).text || "Choose";
  const looks = { "aria-label": block.label ? null : label, "data-action": part.action_id, onchange: (e) => change && change(e.target, read(part, e.target)) };
  if (/select$/.test(part.type)) {
    const offered = { users: Object.values(people).map((p) => ({ text: { text: p.real_name }, value: p.id })), channels: rooms.filter((r) => r.kind !== "im").map((r) => ({ text: { text: "#" + r.name }, value: r.id })) };
    offered.conversations = offered.channels;
    const kind = part.type.replace("multi_", "").replace("_select", "");
    const first = (part.initial_option || {}).value || part.initial_user || part.initial_channel || part.initial_conversation;
    const several = part.type.startsWith("multi_");
    const chosen = several ? (part.initial_options || []).map((o) => o.value).concat(part.initial_users || []) : [first];
    const choice = (o) => make("option", { value: o.value, selected: chosen.includes(o.value) }, o.text.text);
    const groups = part.option_groups ? part.option_groups.map((g) => make("optgroup", { label: g.label.text }, ...g.options.map(choice))) : (offered[kind] || options(part)).map(choice);
    return make("select", { ...looks, multiple: several }, several ? null : make("option", { value: "" }, label), ...groups);
  }
  if (part.type === "radio_buttons" || part.type === "checkboxes") {
    const kind = part.type === "checkboxes" ? "checkbox" : "radio";
    const first = (part.initial_options || [part.initial_option]).filter(Boolean).map((o) => o.value);
    const group = make("div", { "data-action": part.action_id, role: kind === "radio" ? "radiogroup" : "group" });
    group.append(...part.options.map((o) => make("label", { class: "choice" }, make("input", { type: kind, name: `${part.action_id}-${block.block_id}`, value: o.value, checked: first.includes(o.value), onchange: () => change && change(group, read(part, group)) }), make("span", {}, words(o.text), o.description ? make("span", { class: "only" }, " ", words(o.description)) : null))));
    return group;
  }
  const type = { datepicker: "date", timepicker: "time", number_input: "number", email_text_input: "email", url_text_input: "url" }[part.type] || "text";
  const value = part.initial_value || part.initial_date || part.initial_time || "";
  if (part.multiline) {
    const area = make("textarea", { ...looks, rows: 4, placeholder: (part.placeholder || {}).text, maxlength: part.max_length });
    area.value = value;
    return area;
  }
  return make("input", { ...looks, type, value, placeholder: (part.placeholder || {}).text, maxlength: part.max_length, step: part.is_decimal_allowed ? "any" : null });
}

function read(part, node) {
  if (part.type === "checkboxes") return [...node.querySelectorAll("input:checked")].map((box) => box.value);
  if (part.type === "radio_buttons") return (node.querySelector("input:checked") || {}).value || "";
  if (part.type.startsWith("multi_")) return [...node.selectedOptions].map((o) => o.value);
  return node.value;
}

function element(part, block, place) {
  if (part.type === "image") return picture(part, true);
  if (part.type === "button" || part.type === "icon_button") {
    const pushed = (event) => { if (part.url) window.open(part.url, "_blank", "noopener"); press(event.currentTarget, place, block, part); };
    return make("button", { type: "button", class: `push ${part.style || ""}`, "aria-label": part.accessibility_label, "data-action": part.action_id, onclick: pushed }, emoji(part.text.text));
  }
  if (part.type === "feedback_buttons") return make("span", {}, ...[part.positive_button, part.negative_button].map((b) => make("button", { type: "button", class: "push", onclick: (e) => press(e.currentTarget, place, block, part, b.value) }, b.text.text)));
  if (part.type === "overflow") {
    const list = make("ul", {}, ...part.options.map((o) => make("li", {}, make("button", { type: "button", onclick: (e) => { e.currentTarget.closest("details").open = false; press(e.currentTarget, place, block, part, o.value); } }, emoji(o.text.text)))));
    const more = make("details", { class: "more", "data-action": part.action_id, onkeydown: (e) => { if (e.key === "Escape") { more.open = false; more.firstChild.focus(); } } }, make("summary", { "aria-label": "More choices" }, "⋯"), list);
    return more;
  }
  return make("span", { class: "pick" }, control(part, block, place, (node, value) => press(node, place, block, part, value)));
}

function input(block, place) {
  const part = block.element, id = `in-${block.block_id}`;
  const field = control(part, block, place, block.dispatch_action ? (node, value) => press(node, place, block, part, value) : null);
  const boxes = /checkboxes|radio/.test(part.type);
  if (!boxes) field.id = id;
  field.setAttribute("aria-describedby", `${id}-wrong`);
  const label = block.label.text + (block.optional ? " (optional)" : "");
  return make(boxes ? "fieldset" : "div", { class: "block input", "data-block": block.block_id }, make(boxes ? "legend" : "label", boxes ? {} : { for: id }, label), field, block.hint ? make("p", { class: "hint" }, block.hint.text) : null, make("p", { class: "wrong", id: `${id}-wrong`, role: "alert" }));
}

function draw(block, place) {
  switch (block.type) {
    case "header": return make("div", { class: "block header", role: "heading", "aria-level": 3 }, emoji(block.text.text));
    case "divider": return make("hr", { class: "block divider" });
    case "section": return make("div", { class: "block section" }, make("div", { class: "text" }, block.text ? words(block.text) : null, block.fields ? make("div", { class: "fields" }, ...block.fields.map((f) => make("div", {}, words(f)))) : null), block.accessory ? make("div", { class: "accessory" }, element(block.accessory, block, place)) : null);
    case "context": return make("div", { class: "block context" }, ...block.elements.map((e) => (e.type === "image" ? picture(e, true) : make("span", {}, words(e)))));
    case "actions": case "context_actions": return make("div", { class: "block actions" }, ...block.elements.map((e) => element(e, block, place)));
    case "image": return make("div", { class: "block image" }, block.title ? make("div", { class: "title" }, block.title.text) : null, picture(block), make("details", {}, make("summary", {}, "Picture in words"), block.alt_text));
    case "rich_text": { const node = rich(block); node.className = "block"; return node; }
    case "markdown": return make("div", { class: "block" }, markdown(block.text));
    case "table": return table(block.rows, "", block.column_settings);
    case "data_table": return table(block.rows, block.caption, [], block.row_header_column_index || 0);
    case "data_visualization": return chart(block);
    case "alert": return make("div", { class: `block alert ${block.level || ""}` }, words(block.text));
    case "input": return input(block, place);
    default: return make("div", { class: "block" }, `(${block.type})`);
  }
}

// -- messages --------------------------------------------------------------------------------------

const moment = (ts) => new Date(Number(ts) * 1000);

function message(said, channel, inThread) {
  const isBot = Boolean(said.bot_id), place = { channel, ts: said.ts };
  const content = make("div", { class: "said" });
  if (said.blocks && said.blocks.length) content.append(...said.blocks.map((b) => draw(b, place)));
  else content.append(make("div", { class: "block" }, mrkdwn(said.text)));
  for (const file of said.files || []) content.append(make("div", { class: "block image" }, make("div", { class: "title" }, file.title), /^image/.test(file.mimetype) ? make("img", { src: `/practice/file/${file.id}`, alt: file.title }) : make("a", { href: `/practice/file/${file.id}` }, file.name)));
  const tail = make("div", { class: "tail" }, ...(said.reactions || []).map((r) => make("span", { class: "reaction", title: r.users.map(name).join(", ") }, `${EMOJI[r.name] || `:${r.name}:`} ${r.count}`)));
  if (!inThread && !said.only_for) {
    const count = said.reply_count || 0;
    tail.append(make("button", { type: "button", class: count ? "replies" : "", onclick: () => openThread(said.thread_ts || said.ts) }, count ? `${count} ${count === 1 ? "reply" : "replies"}` : "Reply in thread"));
  }
  const initials = name(said.user).split(/\s+/).map((part) => part[0]).slice(0, 2).join("").toUpperCase();
  return make("article", { class: "message" + (said.only_for ? " quietly" : ""), "data-ts": said.ts, "aria-label": `${name(said.user)}, ${moment(said.ts).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}` },
    make("div", { class: `face ${isBot ? "app" : ""}`, "aria-hidden": "true" }, initials),
    make("div", {}, said.only_for ? make("div", { class: "only" }, "Only you can see this") : null,
      make("span", { class: "by" }, name(said.user)), isBot ? make("span", { class: "badge" }, "APP") : null,
      make("time", { class: "when", datetime: moment(said.ts).toISOString() }, moment(said.ts).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })),
      said.edited ? make("span", { class: "when" }, "(edited)") : null, content, tail));
}

function fill(list, messages, channel, inThread) { // only what changed is drawn anew, so focus stays
  const last = messages[messages.length - 1];
  if (last && last.user === here.user && last.ts > (list.dataset.last || "")) here.follow = true; // one's own words are shown
  list.dataset.last = last ? last.ts : "";
  const low = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const key = `${here.user} ${channel} ${inThread ? here.thread : ""}`;
  if (list.dataset.key !== key) { list.replaceChildren(); drawn[list.id] = {}; list.dataset.key = key; }
  const kept = drawn[list.id] || {}, now = {};
  let day = "", after = null;
  const put = (node) => { const next = after ? after.nextSibling : list.firstChild; if (next !== node) list.insertBefore(node, next); after = node; };
  for (const said of messages) {
    const date = moment(said.ts).toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" });
    if (date !== day) { day = date; const id = `day ${date}`; now[id] = kept[id] || { node: make("div", { class: "day" }, date) }; put(now[id].node); }
    const text = JSON.stringify(said), old = kept[said.ts];
    now[said.ts] = old && old.text === text ? old : { text, node: message(said, channel, inThread) };
    put(now[said.ts].node);
  }
  if (!messages.length) { now.empty = kept.empty || { node: make("p", { class: "empty" }, "Nothing has been said here yet. Mention @auditbot and ask a question.") }; put(now.empty.node); }
  for (const { node } of Object.values(kept)) if (!Object.values(now).some((n) => n.node === node)) node.remove();
  drawn[list.id] = now;
  if (low || here.follow || list.dataset.fresh !== key) { list.scrollTop = list.scrollHeight; list.dataset.fresh = key; list.querySelectorAll("img").forEach((img) => img.addEventListener("load", () => { list.scrollTop = list.scrollHeight; }, { once: true })); }
  here.follow = false;
}

// -- the rooms ---------------------------------------------------------------------------------------

const seen = (channel) => Number(sessionStorage[`seen ${here.user} ${channel}`] || here.started);
const mine = (room) => room.person === here.user;
const label = (room) => (room.kind === "im" ? people[here.bot].real_name : room.name);

function drawSide() {
  const room = (r) => {
    const fresh = r.latest && Number(r.latest.ts) > seen(r.id) && r.id !== here.channel && r.latest.user !== here.user;
    return make("li", {}, make("button", { type: "button", class: fresh ? "unread" : "", "aria-current": r.id === here.channel ? "page" : null, "data-channel": r.id, onclick: () => go(r.id) }, `${r.kind === "im" ? "" : "# "}${label(r)}${r.kind === "private" ? " (private)" : ""}`, fresh ? make("span", { class: "many" }, "new") : null));
  };
  const focused = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.channel : "";
  $("channels").replaceChildren(...rooms.filter((r) => r.kind !== "im").map(room));
  $("directs").replaceChildren(...rooms.filter(mine).map(room));
  if (focused) (document.querySelector(`[data-channel="${focused}"]`) || document.body).focus();
}

function drawPhone() {
  const last = rooms.filter((r) => r.latest && r.latest.user !== here.user && Number(r.latest.ts) > here.started).sort((a, b) => (a.latest.ts < b.latest.ts ? 1 : -1))[0];
  if (!last || last.latest.ts === newest) return;
  newest = last.latest.ts;
  $("phone-where").textContent = `${last.kind === "im" ? "" : "#"}${label(last)}${last.kind === "im" ? "" : " · " + name(last.latest.user)}`;
  const text = document.createElement("span");
  text.append(mrkdwn(last.latest.text || "(no text for the notification)"));
  $("phone-text").textContent = text.textContent;
  $("phone-open").onclick = () => { go(last.id); if (last.latest.thread_ts && last.latest.thread_ts !== last.latest.ts) openThread(last.latest.thread_ts); };
  $("phone").hidden = false;
}

async function drawRoom() {
  const room = rooms.find((r) => r.id === here.channel);
  if (!room) return;
  $("name").textContent = (room.kind === "im" ? "" : "# ") + label(room);
  $("about").textContent = room.kind === "im" ? "Direct messages between you and the bot" : `${room.kind === "private" ? "Private, " : ""}${room.members.length} members${room.archived ? ", archived" : ""}${room.members.includes(here.bot) ? "" : ", auditbot is not in it"}`;
  $("box-label").textContent = room.kind === "im" ? `Message ${label(room)}` : `Message #${room.name}`;
  $("tabs").hidden = room.kind !== "im";
  const home = room.kind === "im" && here.tab === "home", turn = ++drawing;
  $("home").hidden = !home;
  $("messages").hidden = $("write").hidden = home;
  $("tab-home").setAttribute("aria-selected", String(home));
  $("tab-messages").setAttribute("aria-selected", String(!home));
  const [messages, replies, views, homes] = await Promise.all([
    look("messages", { channel: room.id, user: here.user, limit: 200 }),
    here.thread ? look("messages", { channel: room.id, user: here.user, thread_ts: here.thread }) : [],
    look("views", { user: here.user, kind: "modal" }),
    home ? look("views", { user: here.user, kind: "home" }) : [],
  ]);
  if (turn !== drawing) return;
  fill($("messages"), messages, room.id, false);
  $("thread").hidden = !here.thread;
  if (here.thread) fill($("replies"), replies, room.id, true);
  if (room.latest) sessionStorage[`seen ${here.user} ${room.id}`] = room.latest.ts;
  drawModal(views[views.length - 1]);
  if (home) drawHome(homes[homes.length - 1]);
}

function drawHome(view) {
  const key = view ? view.hash : "none " + here.user;
  if (key === homeDrawn) return;
  homeDrawn = key;
  $("home").replaceChildren(...(view ? view.blocks.map((b) => draw(b, { view_id: view.id })) : [make("p", { class: "empty" }, "auditbot has not filled its Home tab for you yet.")]));
}

function drawModal(view) {
  const key = view ? `${view.id} ${view.hash}` : "";
  if (key === modalDrawn) return;
  modalDrawn = key;
  if (!view) { if ($("modal").open) $("modal").close(); return; }
  $("modal-name").textContent = view.title.text;
  $("modal-blocks").replaceChildren(...view.blocks.map((b) => draw(b, { view_id: view.id })));
  $("modal-wrong").textContent = "";
  $("modal-submit").hidden = !view.submit;
  $("modal-submit").textContent = view.submit ? view.submit.text : "Submit";
  $("modal-close").textContent = view.close ? view.close.text : "Close";
  $("modal-form").onsubmit = (event) => { event.preventDefault(); submit(view); };
  $("modal-close").onclick = () => act("close", { user: here.user, view_id: view.id }).then(refresh);
  $("modal").oncancel = (event) => { event.preventDefault(); $("modal-close").click(); };
  if (!$("modal").open) $("modal").showModal();
}

async function submit(view) {
  const values = {};
  for (const block of view.blocks) {
    if (block.type !== "input") continue;
    const box = $("modal-blocks").querySelector(`[data-block="${CSS.escape(block.block_id)}"]`);
    values[block.element.action_id] = read(block.element, box.querySelector("[data-action]"));
    box.querySelector(".wrong").textContent = "";
  }
  try {
    const said = await act("submit", { user: here.user, view_id: view.id, values });
    for (const [block, words] of Object.entries(said.errors || {})) {
      const box = $("modal-blocks").querySelector(`[data-block="${CSS.escape(block)}"]`);
      box.querySelector(".wrong").textContent = words;
      box.querySelector("input, textarea, select").focus();
    }
    if (said.acknowledged === false) throw new Error("auditbot did not answer in time. Your words are still here.");
  } catch (error) { $("modal-wrong").textContent = error.message; }
  refresh();
}

function go(channel) {
  if (channel !== here.channel) here.thread = "";
  here.channel = channel;
  location.hash = channel;
  closeMenu();
  drawSide();
  drawRoom();
}

function openThread(ts) {
  here.thread = ts;
  $("thread").hidden = false;
  $("thread-name").focus();
  drawRoom();
}

function closeMenu() { $("side").classList.remove("open"); $("menu").setAttribute("aria-expanded", "false"); }

async function refresh() {
  const turn = ++asking;
  const [users, channels] = await Promise.all([look("users"), look("channels", { user: here.user })]);
  if (turn !== asking) return;
  people = Object.fromEntries(users.map((u) => [u.id, u]));
  const persons = users.filter((u) => !u.is_bot && !u.deleted);
  if (!persons.some((u) => u.id === here.user) && persons.length) { here.user = persons[0].id; return refresh(); }
  rooms = channels;
  if (!rooms.some((r) => r.id === here.channel)) { here.channel = (rooms.find((r) => r.id === location.hash.slice(1)) || rooms.find((r) => r.kind !== "im") || rooms[0] || {}).id || ""; here.thread = ""; }
  const listed = persons.map((u) => `${u.id} ${u.real_name}`).join();
  if ($("who").dataset.listed !== listed) { $("who").replaceChildren(...persons.map((u) => make("option", { value: u.id }, u.real_name + (u.is_guest ? " (guest)" : "")))); $("who").dataset.listed = listed; }
  $("who").value = here.user;
  drawSide();
  drawPhone();
  return drawRoom();
}

// -- writing -----------------------------------------------------------------------------------------

function writer(form, box, list, wrong, thread) {
  let at = -1;
  const shut = () => { list.hidden = true; at = -1; box.setAttribute("aria-expanded", "false"); box.removeAttribute("aria-activedescendant"); };
  const choose = (who) => { box.value = box.value.replace(/@[\w.-]*$/, "@" + who + " "); shut(); box.focus(); };
  const mark = (step) => {
    const items = [...list.children];
    at = (at + step + items.length) % items.length;
    items.forEach((item, number) => item.setAttribute("aria-selected", String(number === at)));
    box.setAttribute("aria-activedescendant", items[at].id);
  };
  box.addEventListener("input", () => {
    const typed = /(?:^|\s)@([\w.-]*)$/.exec(box.value.slice(0, box.selectionStart));
    const found = typed ? Object.values(people).filter((p) => !p.deleted && (p.name + " " + p.real_name).toLowerCase().includes(typed[1].toLowerCase())).sort((a, b) => b.is_bot - a.is_bot).slice(0, 6) : [];
    if (!found.length) return shut();
    list.replaceChildren(...found.map((p, number) => make("li", { role: "option", id: `${list.id}-${number}`, "aria-selected": "false", onmousedown: (e) => { e.preventDefault(); choose(p.name); } }, `${p.real_name}  @${p.name}`)));
    list.hidden = false;
    at = -1;
    box.setAttribute("aria-expanded", "true");
    mark(1);
  });
  box.addEventListener("keydown", (event) => {
    if (!list.hidden && ["ArrowDown", "ArrowUp"].includes(event.key)) { event.preventDefault(); mark(event.key === "ArrowDown" ? 1 : -1); return; }
    if (!list.hidden && ["Enter", "Tab"].includes(event.key)) { event.preventDefault(); list.children[at].dispatchEvent(new MouseEvent("mousedown", { cancelable: true })); return; }
    if (event.key === "Escape") shut();
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); form.requestSubmit(); }
  });
  box.addEventListener("blur", shut);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (!text) return;
    wrong.textContent = "";
    try {
      const said = await act("say", { user: here.user, channel: here.channel, text, thread_ts: thread() });
      box.value = "";
      if (said.acknowledged === false) wrong.textContent = "auditbot did not answer the command in time.";
    } catch (error) { wrong.textContent = error.message; }
    refresh();
  });
}

async function follow() {
  for (;;) {
    try {
      const now = await look("changes", { since: here.since });
      $("bot").textContent = now.connections ? "auditbot is connected" : "auditbot is not connected";
      $("bot").classList.toggle("on", now.connections > 0);
      if (now.version !== here.since) { here.since = now.version; await refresh(); }
    } catch {
      $("bot").textContent = "The practice workspace has stopped.";
      $("bot").classList.remove("on");
      await new Promise((done) => setTimeout(done, 2000));
    }
  }
}

async function start() {
  here.bot = (await look("about")).bot;
  const linked = /^\/archives\/(\w+)\//.exec(location.pathname);
  if (linked) here.channel = linked[1];
  writer($("write"), $("box"), $("names"), $("wrong"), () => null);
  writer($("reply"), $("reply-box"), $("reply-names"), $("reply-wrong"), () => here.thread);
  $("who").addEventListener("change", (e) => { here.user = sessionStorage.user = e.target.value; here.thread = ""; homeDrawn = ""; refresh(); });
  $("thread-close").addEventListener("click", () => { here.thread = ""; drawRoom(); $("box").focus(); });
  $("menu").addEventListener("click", () => { const open = $("side").classList.toggle("open"); $("menu").setAttribute("aria-expanded", String(open)); if (open) $("who").focus(); });
  $("room").addEventListener("click", closeMenu);
  $("phone-close").addEventListener("click", () => { $("phone").hidden = true; });
  $("tab-messages").addEventListener("click", () => { here.tab = "messages"; drawRoom(); });
  $("tab-home").addEventListener("click", () => { here.tab = "home"; act("home", { user: here.user }); drawRoom(); });
  document.addEventListener("keydown", (e) => { if (e.key === "Escape") closeMenu(); });
  document.addEventListener("click", (e) => document.querySelectorAll("details.more[open]").forEach((d) => { if (!d.contains(e.target)) d.open = false; }));
  await refresh();
  follow();
}

start();
