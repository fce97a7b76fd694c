// Draws the charts of a page. Each figure carries its data as JSON and its table beside it; without this script the
// table is all there is. Bundled by scripts/setup.sh into static/built/charts.js with only the kinds used here.
import { BarChart, CustomChart, LineChart, RadarChart, ScatterChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, RadarComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";
import { optionOf } from "./options.js";

use([
  AriaComponent, BarChart, CanvasRenderer, CustomChart, GridComponent, LabelLayout, LegendComponent, LineChart, MarkLineComponent, RadarChart,
  RadarComponent, ScatterChart, TooltipComponent,
]);

const drawn = new Map();

function draw(figure) {
  if (figure.querySelector("canvas")) return;
  const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  const canvas = figure.querySelector("[data-canvas]");
  const chart = init(canvas);
  chart.on("click", ({ data: point }) => {
    if (point?.link) window.location.assign(point.link);
  });
  new ResizeObserver(() => chart.resize()).observe(canvas);
  drawn.set(chart, data);
  chart.setOption(optionOf(data, canvas));
}

function drawAll() {
  for (const chart of drawn.keys()) {
    if (chart.getDom().isConnected) continue;
    chart.dispose();
    drawn.delete(chart);
  }
  for (const figure of document.querySelectorAll("[data-chart]")) draw(figure);
}

drawAll();
// A part of the page was replaced, perhaps with other charts in it.
document.addEventListener("htmx:afterSettle", drawAll);

// Light or dark changes under the chart's feet; paper is always light.
new MutationObserver(() => {
  for (const [chart, data] of drawn) chart.setOption(optionOf(data, chart.getDom()), true);
}).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
