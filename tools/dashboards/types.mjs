// Compares dashboards with Grafana's own types: node types.mjs DIR, where @grafana/schema and typescript are installed. Prints what
// differs, with the line of the JSON, and exits with 1.
import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const dir = process.argv[2];
// JSON has the values of enums, and not their names. The members that are added are those of Prometheus'
// annotations and of variables, which Grafana reads and its types leave out.
const types = `import type {AnnotationQuery, Dashboard, VariableModel} from '@grafana/schema';
type Plain<T> = T extends string ? T | \`\${T}\` : T extends (infer U)[] ? Plain<U>[] : T extends object ? {[K in keyof T]: Plain<T[K]>} : T;
type Checked = Omit<Plain<Dashboard>, 'annotations' | 'templating'> & {
  annotations?: {list?: (Plain<AnnotationQuery> & {expr?: string; step?: string; tagKeys?: string; titleFormat?: string; textFormat?: string; useValueForTime?: string})[]};
  templating?: {list?: (Plain<VariableModel> & {definition?: string})[]};
};
export const dashboard: Checked = `;
const before = types.split('\n').length - 1;

let wrong = 0;
for (const name of fs.readdirSync(dir).filter((name) => name.endsWith('.json'))) {
  const source = name.replace(/\.json$/, '.ts');
  fs.writeFileSync(source, types + fs.readFileSync(path.join(dir, name), 'utf8').trim() + ';\n');
  const program = ts.createProgram([source], {
    noEmit: true, strict: true, skipLibCheck: true,
    moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022,
  });
  for (const d of ts.getPreEmitDiagnostics(program)) {
    const line = d.file ? d.file.getLineAndCharacterOfPosition(d.start).line - before + 1 : 0;
    console.log(`${name}:${line}: ${ts.flattenDiagnosticMessageText(d.messageText, ' ').slice(0, 500)}`);
    wrong++;
  }
}
process.exit(wrong > 0 ? 1 : 0);
