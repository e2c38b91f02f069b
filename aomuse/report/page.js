"use strict";
(() => {
  const report = JSON.parse(document.getElementById("report-data").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const nodes = [...document.querySelectorAll("[data-chart]")];
  const views = new Map();
  const tables = new Map();

  // Texts that repeat stand once in the page.
  for (const { columns } of Object.values(report.data)) {
    for (const [key, column] of Object.entries(columns)) {
      if (!Array.isArray(column)) columns[key] = column.at.map((i) => column.values[i] ?? null);
    }
  }

  // Columns become rows once for all charts of a table.
  function rows(name) {
    if (!tables.has(name)) {
      const columns = Object.entries(report.data[name].columns);
      const length = columns.length ? columns[0][1].length : 0;
      const made = Array.from({ length }, (_, i) =>
        Object.fromEntries(columns.map(([key, values]) => [key, values[i]])),
      );
      tables.set(name, made);
    }
    return tables.get(name);
  }

  // A chart names the data that it draws, at its top or in its layers.
  function datasets(spec) {
    const parts = [spec, ...(spec.layer ?? [])];
    const names = new Set(parts.map((part) => part.data?.name).filter((n) => n in report.data));
    return Object.fromEntries([...names].map((name) => [name, rows(name)]));
  }

  // Entries that a line of the legend has room for.
  const columns = (node) => Math.max(1, Math.floor((node.clientWidth - 100) / 120));

  function themed(node, scheme) {
    const config = report.themes[scheme];
    return { ...config, legend: { ...config.legend, columns: columns(node) } };
  }

  async function draw(node) {
    const name = node.dataset.chart;
    const spec = structuredClone(report.charts[name]);
    const scheme = dark.matches ? "dark" : "light";
    spec.datasets = { ...spec.datasets, ...datasets(spec) };
    views.get(name)?.finalize();
    const drawn = await vegaEmbed(node.firstElementChild, spec, {
      actions: false,
      ast: true,
      config: themed(node, scheme),
      mode: "vega-lite",
      renderer: "svg",
      tooltip: { theme: scheme },
    });
    views.set(name, drawn);
  }

  // One after the other, so that the first charts are there at once.
  let drawing = Promise.resolve();
  function drawAll() {
    drawing = drawing.then(async () => {
      document.documentElement.removeAttribute("data-drawn");
      for (const node of nodes) {
        try {
          await draw(node);
        } catch (error) {
          node.textContent = `This chart cannot be drawn: ${error.message}`;
          console.error(node.dataset.chart, error);
        }
      }
      document.documentElement.dataset.drawn = dark.matches ? "dark" : "light";
    });
  }

  function save(name, type, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function csv(name) {
    const { columns, labels, times } = report.data[name];
    const keys = Object.keys(labels);
    const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const cell = (key, value) => {
      if (value === null) return "";
      return quoted(times.includes(key) ? new Date(value).toISOString() : String(value));
    };
    const lines = [keys.map((key) => quoted(labels[key]))];
    for (let i = 0; i < (columns[keys[0]] ?? []).length; i += 1) {
      lines.push(keys.map((key) => cell(key, columns[key][i])));
    }
    return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.table) {
      save(`${button.dataset.table}.csv`, "text/csv", csv(button.dataset.table));
    } else if (button?.dataset.picture) {
      const name = button.dataset.picture;
      save(`${name}.svg`, "image/svg+xml", await views.get(name).view.toSVG());
    }
  });

  dark.addEventListener("change", drawAll);
  // Charts follow their width by themselves, legends do not.
  const wrap = () => nodes.map(columns).join();
  let wrapped = wrap();
  let waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (wrap() !== wrapped) {
        wrapped = wrap();
        drawAll();
      }
    }, 200);
  });
  // On paper charts are as wide as there, not as on the screen, where they may be much wider.
  function printing(on) {
    document.documentElement.classList.toggle("printing", on);
    for (const node of nodes) {
      views.get(node.dataset.chart)?.view.width(node.clientWidth).run();
    }
  }
  addEventListener("beforeprint", () => printing(true));
  addEventListener("afterprint", () => printing(false));
  drawAll();
})();
