using System.Globalization;
using System.Text;

namespace HunyuanOrleans.Train.Output;

/// <summary>The losses of a run as an SVG picture: each step, their moving mean, and evaluations.</summary>
internal static class LossCurve
{
    private const int Width = 800, Height = 400, Left = 60, Right = 20, Top = 30, Bottom = 40, Lines = 5;

    // The moving mean covers this part of the steps seen so far.
    private const double Smoothing = 0.1;

    /// <summary>Draws the picture.</summary>
    /// <param name="losses">Steps with their losses, ascending, at least one.</param>
    /// <param name="evaluations">Steps with the losses of evaluations.</param>
    public static string Draw(IReadOnlyList<(int Step, double Loss)> losses, IReadOnlyList<(int Step, double Loss)> evaluations)
    {
        double highest = losses.Concat(evaluations).Max(static point => point.Loss);
        double lowest = Math.Min(0, losses.Concat(evaluations).Min(static point => point.Loss));
        double range = highest > lowest ? highest - lowest : 1;
        int first = losses[0].Step, last = Math.Max(first + 1, losses[^1].Step);
        StringBuilder svg = new();
        svg.Append(
            CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#fff\"/>\n");
        for (int i = 0; i <= Lines; i++)
        {
            double loss = lowest + (range * i / Lines);
            double step = first + ((double)(last - first) * i / Lines);
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(loss):0.#}\" y2=\"{Y(loss):0.#}\" stroke=\"#ddd\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{Y(loss) + 4:0.#}\" text-anchor=\"end\">{loss:0.##}</text>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(step):0.#}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{step:0}</text>\n");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width / 2}\" y=\"{Height - 6}\" text-anchor=\"middle\">step</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"18\">loss</text>\n");
        Line("#b7cbe8", 1, losses);
        Line("#1f5fbf", 2, Smooth(losses));
        Line("#d9534f", 2, evaluations);
        foreach ((int step, double loss) in evaluations)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(step):0.#}\" cy=\"{Y(loss):0.#}\" r=\"3\" fill=\"#d9534f\"/>\n");
        }

        if (evaluations.Count > 0)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - Right}\" y=\"18\" text-anchor=\"end\" fill=\"#d9534f\">evaluation</text>\n");
        }

        return svg.Append("</svg>\n").ToString();

        double X(double step) => Left + ((step - first) / (last - first) * (Width - Left - Right));
        double Y(double loss) => Height - Bottom - ((loss - lowest) / range * (Height - Top - Bottom));

        void Line(string colour, int width, IReadOnlyList<(int Step, double Loss)> points)
        {
            if (points.Count > 1)
            {
                string path = string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{X(point.Step):0.#},{Y(point.Loss):0.#}")));
                svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" points=\"{path}\"/>\n");
            }
        }
    }

    private static List<(int Step, double Loss)> Smooth(IReadOnlyList<(int Step, double Loss)> losses)
    {
        List<(int Step, double Loss)> smooth = [];
        double sum = 0;
        int from = 0;
        for (int i = 0; i < losses.Count; i++)
        {
            sum += losses[i].Loss;
            int window = Math.Max(1, (int)(losses.Count * Smoothing));
            while (i - from >= window)
            {
                sum -= losses[from++].Loss;
            }

            smooth.Add((losses[i].Step, sum / (i - from + 1)));
        }

        return smooth;
    }
}
