// Reads texts as JSON, one a line; answers with the nodes slack-message-parser finds in each, as [kind, source].
const { default: parse, NodeType } = require("slack-message-parser");
const nodes = (node) => [[NodeType[node.type], node.source], ...(node.children ?? []).flatMap(nodes)];
let said = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (part) => (said += part));
process.stdin.on("end", () => {
  for (const line of said.split("\n").filter(Boolean)) console.log(JSON.stringify(nodes(parse(JSON.parse(line)))));
});
