// From a chart's data, as appraisal/reports/charts.py writes it, to an option of ECharts.

const KINDS = { radar, trend, bars, curve, course, spread };

export function optionOf(data, element) {
  const ink = inkOf(element);
  return {
    animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 300,
    aria: { enabled: true, label: { description: data.summary } },
    color: [ink.accent, ink.faint, ink.good],
    textStyle: { color: ink.text, fontFamily: getComputedStyle(element).fontFamily },
    // A tooltip of HTML would need inline styles, which the content policy forbids.
    tooltip: { renderMode: "richText", confine: true, backgroundColor: ink.ground, textStyle: { color: ink.text } },
    ...KINDS[data.kind](data, ink),
  };
}

function inkOf(element) {
  const style = getComputedStyle(element);
  const token = (name) => style.getPropertyValue(name).trim();
  return {
    accent: token("--house-accent"),
    good: token("--house-good"),
    other: token("--house-fair"),
    poor: token("--house-poor"),
    text: token("--house-text"),
    faint: token("--house-faint"),
    ground: token("--house-ground"),
  };
}

function axis(ink, more) {
  return {
    axisLabel: { color: ink.faint },
    axisLine: { lineStyle: { color: ink.faint, opacity: 0.3 } },
    splitLine: { lineStyle: { color: ink.faint, opacity: 0.3 } },
    nameTextStyle: { color: ink.faint },
    ...more,
  };
}

function legend(data, ink) {
  return { legend: { bottom: 0, textStyle: { color: ink.text }, data: data.series.map((series) => series.name) } };
}

function radar(data, ink) {
  return {
    ...legend(data, ink),
    radar: {
      indicator: data.labels.map((name) => ({ name, max: data.most, min: 0 })),
      radius: "62%",
      center: ["50%", "46%"],
      axisName: { color: ink.text },
      splitLine: { lineStyle: { color: ink.faint, opacity: 0.3 } },
      axisLine: { lineStyle: { color: ink.faint, opacity: 0.3 } },
      splitArea: { show: false },
    },
    series: [{
      type: "radar",
      data: data.series.map((series, at) => ({
        name: series.name,
        value: series.values.map(Number),
        areaStyle: at === 0 ? { opacity: 0.15 } : undefined,
        lineStyle: { type: at === 0 ? "solid" : "dashed" },
      })),
    }],
  };
}

function trend(data, ink) {
  return {
    grid: { left: 48, right: 24, top: 24, bottom: 32 },
    xAxis: axis(ink, { type: "category", data: data.labels, boundaryGap: data.labels.length === 1 }),
    yAxis: axis(ink, { type: "value", min: 0, max: data.most }),
    series: data.series.map((series) => ({
      type: "line",
      name: series.name,
      symbolSize: 9,
      label: { show: true, color: ink.text },
      data: series.values.map((value, at) => ({ value: value === null ? null : Number(value), link: series.links?.[at] })),
    })),
  };
}

function bars(data, ink) {
  return {
    ...(data.series.length > 1 ? legend(data, ink) : {}),
    grid: { left: 48, right: 16, top: 24, bottom: data.series.length > 1 ? 56 : 32 },
    xAxis: axis(ink, { type: "category", data: data.labels }),
    yAxis: axis(ink, { type: "value", minInterval: 1 }),
    series: data.series.map((series) => ({
      type: "bar",
      name: series.name,
      barMaxWidth: 56,
      label: { show: true, position: "top", color: ink.text },
      data: series.values.map((value, at) => ({ value: Number(value), link: series.links?.[at] })),
    })),
  };
}

// A value axis under a curve: both ends as the data have them, so that what stands below it lies under the same values.
function valueAxis(data, ink) {
  return axis(ink, { type: "value", name: data.unit, nameLocation: "middle", nameGap: 28, min: "dataMin", max: "dataMax", splitLine: { show: false } });
}

function curve(data, ink) {
  return {
    grid: { left: 48, right: 24, top: 32, bottom: 44 },
    xAxis: valueAxis(data, ink),
    yAxis: axis(ink, { type: "value", min: 0 }),
    series: [
      { type: "line", name: data.series[0].name, showSymbol: false, silent: true, data: data.points.map((pair) => pair.map(Number)) },
      ...(data.place ? [place(data.place, ink)] : []),
    ],
  };
}

// A ticket's course: spans in lanes, what happened as points, and until when it was due as lines. Times come as the
// reader's wall clock, without an offset.
function course(data, ink) {
  const tones = { running: ink.accent, paused: ink.other, resolved: ink.good, visit: ink.faint };
  const lanes = data.lanes;
  const [from, to] = [data.from, data.to].map((text) => new Date(text).getTime());
  const room = Math.max(to - from, 60_000) / 25;
  return {
    tooltip: {
      renderMode: "richText", confine: true, backgroundColor: ink.ground, textStyle: { color: ink.text },
      formatter: ({ data: { name } }) => name ?? "",
    },
    grid: { left: 84, right: 40, top: 40, bottom: 40 },
    xAxis: axis(ink, { type: "time", min: from - room, max: to + room, axisLabel: { color: ink.faint, hideOverlap: true, formatter: data.days > 1 ? "{MM}-{dd} {HH}:{mm}" : "{HH}:{mm}" }, splitLine: { show: false } }),
    yAxis: axis(ink, { type: "category", data: lanes, inverse: true, splitLine: { show: false } }),
    series: [
      {
        type: "custom",
        encode: { x: [1, 2], y: 0 },
        renderItem: (params, api) => {
          const [left, middle] = api.coord([api.value(1), api.value(0)]);
          const [right] = api.coord([api.value(2), api.value(0)]);
          const height = Math.min(28, api.size([0, 1])[1] * 0.6);
          const { state } = data.spans[params.dataIndex];
          return {
            type: "rect",
            shape: { x: left, y: middle - height / 2, width: Math.max(2, right - left), height },
            // Told apart by more than colour: a pause is lower than running time.
            ...(state === "paused" ? { scaleY: 0.5, originY: middle } : {}),
            style: { fill: tones[state] },
          };
        },
        data: data.spans.map((span) => ({ value: [lanes[span.lane], span.from, span.to], name: span.name, link: span.link })),
      },
      {
        type: "scatter",
        symbolSize: 12,
        itemStyle: { color: ink.text },
        label: { show: true, position: "top", color: ink.text, formatter: ({ data: { name } }) => name, fontSize: 11 },
        labelLayout: { hideOverlap: true },
        data: data.marks.map((mark) => ({ value: [mark.at, lanes[mark.lane]], name: mark.name })),
        markLine: {
          symbol: "none",
          label: { color: ink.text, position: "start", formatter: ({ name }) => name },
          lineStyle: { type: "dashed", color: ink.poor, width: 2 },
          data: data.dues.map((due) => ({ name: due.name, xAxis: due.at })),
        },
      },
    ],
  };
}

function place(found, ink) {
  return {
    type: "scatter",
    name: found.name,
    symbolSize: 16,
    itemStyle: { color: ink.other },
    label: { show: true, position: "top", color: ink.text, formatter: found.label },
    data: [found.at.map(Number)],
  };
}

// How many lie between two values: a bar as wide as that, so that it stands under its part of the curve.
function spread(data, ink) {
  const edges = data.edges.map(Number);
  return {
    grid: { left: 48, right: 24, top: 16, bottom: 44 },
    xAxis: valueAxis(data, ink),
    yAxis: axis(ink, { type: "value", min: 0, minInterval: 1 }),
    series: [{
      type: "line",
      name: data.series[0].name,
      step: "end",
      showSymbol: false,
      silent: true,
      lineStyle: { width: 1 },
      areaStyle: { opacity: 0.3 },
      data: edges.map((edge, at) => [edge, data.counts[Math.min(at, data.counts.length - 1)]]),
    }],
  };
}
