using System.Text.Json;
using System.Text.RegularExpressions;
using HunyuanOrleans.Server.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Server.Tests;

/// <summary>k8s/grafana-dashboard.json queries metrics that /metrics reports.</summary>
public sealed partial class DashboardTests
{
    // Prometheus adds these labels when it scrapes a target.
    private static readonly string[] TargetLabels = ["job", "instance"];

    private static readonly HashSet<string> Language =
        ["sum", "avg", "max", "min", "by", "without", "rate", "histogram_quantile", "on", "ignoring", "label_values", "clamp_min", "count", "le"];

    private static readonly JsonElement Dashboard =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(TestPaths.Root, "k8s", "grafana-dashboard.json"))).RootElement;

    [Fact]
    public async Task Every_metric_and_label_of_the_dashboard_exists()
    {
        await using TestServer server = await TestServer.StartAsync();
        _ = await server.OkAsync(Bodies.ChatPath, Bodies.Chat("What is 3+5?"));
        await server.PostAsync(Bodies.CompletionPath, """{"prompt":"a","max_tokens":9999}""");
        GC.Collect();
        string[] expressions = [.. Expressions()];
        Assert.True(expressions.Length > 20);
        string[] metrics = [.. expressions.SelectMany(Metrics)], labels = [.. expressions.SelectMany(LabelsOf), "error_type"];
        Assert.Contains("hunyuan_expert_tokens_total", metrics);
        // A request is recorded when it ends, a moment after its response was sent.
        await Wait.UntilAsync(() => MissingAsync(server, metrics, labels), static missing => missing == "", "no metric or label is missing");
    }

    [Fact]
    public void Panels_have_distinct_ids_and_do_not_overlap()
    {
        JsonElement[] panels = [.. Dashboard.GetProperty("panels").EnumerateArray()];
        Assert.Equal(panels.Length, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        HashSet<(int, int)> taken = [];
        foreach (JsonElement place in panels.Select(panel => panel.GetProperty("gridPos")))
        {
            int x = place.GetProperty("x").GetInt32(), y = place.GetProperty("y").GetInt32(), width = place.GetProperty("w").GetInt32();
            Assert.InRange(x + width, 1, 24);
            for (int cell = 0; cell < width * place.GetProperty("h").GetInt32(); cell++)
            {
                Assert.True(taken.Add((x + (cell % width), y + (cell / width))), $"Two panels at {x}, {y}.");
            }
        }
    }

    private static IEnumerable<string> Expressions() =>
        Dashboard.GetProperty("panels").EnumerateArray()
            .Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!)
            .Concat(Dashboard.GetProperty("templating").GetProperty("list").EnumerateArray()
                .Where(variable => variable.GetProperty("type").GetString() == "query")
                // The second argument is a label's name.
                .Select(variable => Regex.Replace(variable.GetProperty("definition").GetString()!, @", ([a-z_]+)\)$", ") by ($1)")));

    private static IEnumerable<string> Metrics(string expression) =>
        Word().Matches(NoMetricName().Replace(expression, "")).Select(word => word.Value).Where(word => !Language.Contains(word));

    private static IEnumerable<string> LabelsOf(string expression) =>
        Matcher().Matches(expression).Select(match => match.Groups[1].Value)
            .Concat(Grouping().Matches(expression).SelectMany(match => match.Groups[1].Value.Split(", ")));

    private static async Task<string> MissingAsync(TestServer server, string[] metrics, string[] labels)
    {
        string[] samples = [.. (await server.Client.GetStringAsync("/metrics")).Split('\n').Where(line => line.Length > 0 && line[0] != '#')];
        return string.Join(
            ", ",
            metrics.Except(samples.Select(line => line[..line.AsSpan().IndexOfAny('{', ' ')]))
                .Concat(labels.Except(samples.SelectMany(line => Matcher().Matches(line)).Select(match => match.Groups[1].Value)).Except(TargetLabels)));
    }

    // Matchers, ranges and groupings contain no metric names.
    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without) \([^)]*\)")]
    private static partial Regex NoMetricName();

    [GeneratedRegex(@"(?<![\w.])[a-z_][a-z0-9_]*")]
    private static partial Regex Word();

    [GeneratedRegex(@"([a-z_][a-z0-9_]*)=~?""")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\bby \(([^)]*)\)")]
    private static partial Regex Grouping();
}
