// Keep of a published specification the paths that we call, and what they mention: prism then starts in a second or two.
// Usage: node trim.cjs FROM TO PATTERN; both JSON and YAML are read, JSON is written.
const fs = require("fs");
const yaml = require("js-yaml");

const [from, to, pattern] = process.argv.slice(2);
const whole = yaml.load(fs.readFileSync(from, "utf8"), { json: true });
const wanted = new RegExp(pattern);
const paths = Object.fromEntries(Object.entries(whole.paths).filter(([path]) => wanted.test(path)));
const components = { securitySchemes: whole.components?.securitySchemes ?? {} };

function follow(value) {
  if (Array.isArray(value)) return value.forEach(follow);
  if (value === null || typeof value !== "object") return;
  for (const one of Object.values(value)) {
    const place = typeof one === "string" && one.match(/^#\/components\/([^/]+)\/(.+)$/);
    if (!place) {
      follow(one);
      continue;
    }
    const [, kind, written] = place;
    const name = written.replace(/~1/g, "/").replace(/~0/g, "~");
    const found = whole.components?.[kind]?.[name];
    if (found === undefined || components[kind]?.[name] !== undefined) continue;
    (components[kind] ??= {})[name] = found;
    follow(found);
  }
}

follow(paths);
const { openapi, info, servers, security } = whole;
fs.writeFileSync(to, JSON.stringify({ openapi, info, servers, security, paths, components }));
