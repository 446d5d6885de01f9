using System.Globalization;
using System.Text;
using HunyuanOrleans.Cli.Simulation;

namespace HunyuanOrleans.Cli.Output;

/// <summary>
/// Draws a simulation as SVG: a row for each silo with the fractions of time in which it loaded, computed and waited, and below them the tokens per
/// second, with a line for each event.
/// </summary>
internal static class SimulationChart
{
    private const int Left = 90, Right = 20, Top = 40, Plot = 860, RowHeight = 14, SpeedHeight = 120, Columns = 215;

    private const string Loading = "#e0913a", Computing = "#3b7dd8", Waiting = "#e8ebef", Dead = "#ffffff", Event = "#c0392b", Ink = "#333333";

    /// <summary>Draws a report.</summary>
    public static string Draw(SimulationPlan plan, SimulationReport report)
    {
        double end = report.Runs[^1].End;
        int rows = report.Silos.Count * RowHeight;
        StringBuilder svg = new();
        Append(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Left + Plot + Right} {Top + rows + SpeedHeight + 70}\" font-family=\"sans-serif\" font-size=\"11\" fill=\"{Ink}\">");
        Append(svg, $"<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>");
        Append(svg, $"<text x=\"{Left}\" y=\"16\" font-size=\"13\">{Escape(plan.ModelName)}: {plan.Silos} simulated {Escape(plan.Device)}</text>");
        Legend(svg);
        for (int i = 0; i < report.Silos.Count; i++)
        {
            Silo(svg, report.Silos[i], Top + (i * RowHeight), end);
        }

        Speed(svg, report, Top + rows + 20, end);
        foreach (SimulationReplan replan in report.Replans)
        {
            double x = Left + (Plot * replan.At / end);
            Append(svg, $"<line x1=\"{x:0.0}\" y1=\"{Top - 4}\" x2=\"{x:0.0}\" y2=\"{Top + rows + SpeedHeight + 20}\" stroke=\"{Event}\" stroke-dasharray=\"3 2\"><title>{Escape(replan.Cause)}</title></line>");
            double done = Left + (Plot * (replan.At + replan.Seconds) / end);
            Append(svg, $"<rect x=\"{x:0.0}\" y=\"{Top + rows + 6}\" width=\"{Math.Max(1, done - x):0.0}\" height=\"6\" fill=\"{Event}\" opacity=\"0.5\"><title>until the new route</title></rect>");
        }

        Axis(svg, Top + rows + SpeedHeight + 20, end);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Legend(StringBuilder svg)
    {
        (string Color, string Name)[] entries = [(Loading, "loading"), (Computing, "computing"), (Waiting, "waiting"), (Event, "event, until the new route")];
        double x = Left + 330;
        foreach ((string color, string name) in entries)
        {
            Append(svg, $"<rect x=\"{x:0}\" y=\"7\" width=\"10\" height=\"10\" fill=\"{color}\"/><text x=\"{x + 14:0}\" y=\"16\">{name}</text>");
            x += 30 + (name.Length * 6);
        }
    }

    // Each column shows a part of the time; within it, loading is drawn from below, computing above it.
    private static void Silo(StringBuilder svg, SiloHistory silo, int y, double end)
    {
        Append(svg, $"<text x=\"{Left - 6}\" y=\"{y + 10}\" text-anchor=\"end\">{silo.Name}</text>");
        Append(svg, $"<rect x=\"{Left}\" y=\"{y}\" width=\"{Plot}\" height=\"{RowHeight - 2}\" fill=\"{Waiting}\"/>");
        double step = end / Columns, width = (double)Plot / Columns;
        for (int i = 0; i < Columns; i++)
        {
            SiloHistory.Sample before = silo.At(i * step), after = silo.At((i + 1) * step);
            double x = Left + (i * width);
            if (!after.Alive)
            {
                Bar(x, 1, 0, Dead);
                continue;
            }

            double loading = Math.Clamp((after.Loading - before.Loading) / step, 0, 1);
            double computing = Math.Clamp((after.Busy - before.Busy) / step, 0, 1 - loading);
            Bar(x, loading, 0, Loading);
            Bar(x, computing, loading, Computing);
        }

        void Bar(double x, double part, double below, string color)
        {
            if (part > 0)
            {
                double height = part * (RowHeight - 2);
                Append(svg, $"<rect x=\"{x:0.0}\" y=\"{y + ((1 - below - part) * (RowHeight - 2)):0.0}\" width=\"{width:0.0}\" height=\"{height:0.0}\" fill=\"{color}\"/>");
            }
        }
    }

    private static void Speed(StringBuilder svg, SimulationReport report, int y, double end)
    {
        double step = end / Columns;
        double[] tokens = new double[Columns];
        foreach (double time in report.Runs.SelectMany(static run => run.TokenTimes))
        {
            tokens[Math.Clamp((int)(time / step), 0, Columns - 1)] += 1 / step;
        }

        double most = Math.Max(1, tokens.Max());
        string points = string.Join(' ', tokens.Select((value, i) => string.Create(
            CultureInfo.InvariantCulture, $"{Left + (Plot * (i + 0.5) / Columns):0.0},{y + (SpeedHeight * (1 - (value / most))):0.0}")));
        Append(svg, $"<line x1=\"{Left}\" y1=\"{y + SpeedHeight}\" x2=\"{Left + Plot}\" y2=\"{y + SpeedHeight}\" stroke=\"{Ink}\"/>");
        Append(svg, $"<text x=\"{Left - 6}\" y=\"{y + 10}\" text-anchor=\"end\">{most:0.0}</text>");
        Append(svg, $"<text x=\"{Left - 6}\" y=\"{y + 24}\" text-anchor=\"end\">tokens/s</text>");
        Append(svg, $"<text x=\"{Left - 6}\" y=\"{y + SpeedHeight}\" text-anchor=\"end\">0</text>");
        Append(svg, $"<polyline points=\"{points}\" fill=\"none\" stroke=\"{Computing}\" stroke-width=\"1.5\"/>");
    }

    private static void Axis(StringBuilder svg, int y, double end)
    {
        double unit = Math.Pow(10, Math.Floor(Math.Log10(end / 4)));
        double step = end / unit > 20 ? 5 * unit : end / unit > 8 ? 2 * unit : unit;
        for (double t = 0; t <= end; t += step)
        {
            Append(svg, $"<text x=\"{Left + (Plot * t / end):0.0}\" y=\"{y + 16}\" text-anchor=\"middle\">{t:0.##}</text>");
        }

        Append(svg, $"<text x=\"{Left + (Plot / 2)}\" y=\"{y + 34}\" text-anchor=\"middle\">simulated seconds</text>");
    }

    private static string Escape(string text) => System.Security.SecurityElement.Escape(text);

    private static void Append(StringBuilder svg, FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
