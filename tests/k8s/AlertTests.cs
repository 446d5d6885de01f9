using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HunyuanOrleans.K8s.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.K8s.Tests;

/// <summary>Prometheus accepts the alert rules, and every series that rules and scalers name exists.</summary>
public sealed class AlertTests
{
    [SkippableFact]
    public void Promtool_accepts_the_rules()
    {
        string folder = Directory.CreateTempSubdirectory("hunyuan-rules-").FullName;
        try
        {
            // JSON is valid YAML.
            JsonObject spec = Manifests.Written.Single(static m => m.Kind == "PrometheusRule").Spec;
            File.WriteAllText(Path.Combine(folder, "rules.yaml"), spec.ToJsonString());
            (int code, string output) = ExternalTool.Run("promtool", folder, "the expressions of alerts.yaml are not parsed.", "check", "rules", "rules.yaml");
            Assert.True(code == 0, output);
            Assert.Contains($"{Alerts.Rules.Count} rules found", output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Series_named_by_rules_are_recorded() => Assert.Empty(Alerts.Rules
        .SelectMany(static rule => Regex.Matches(rule["expr"]!.GetValue<string>(), @"\bhunyuan:[a-z0-9_:]+").Select(static m => m.Value)).Except(Alerts.Recorded));

    [Fact]
    public void Scalers_use_the_metrics_that_the_adapter_derives_from_recorded_series()
    {
        Manifest adapter = Manifests.Written.Single(static m => m.Name == "hunyuan-adapter-rules");
        JsonNode rules = Assert.Single(YamlConverter.Parse(adapter.Json["data"]!["rules.yaml"]!.GetValue<string>()));
        (string Series, string Name)[] made = [.. rules["externalRules"]!.AsArray().Select(static rule => (
            Regex.Match(rule!["seriesQuery"]!.GetValue<string>(), "__name__=\"([^\"]+)\"").Groups[1].Value, rule["name"]!["as"]!.GetValue<string>()))];
        Assert.Empty(made.Select(static m => m.Series).Except(Alerts.Recorded));
        string[] asked = [.. Manifests.Written.Where(static m => m.Kind == "HorizontalPodAutoscaler").SelectMany(static m => m.Spec["metrics"]!.AsArray())
            .Select(static metric => metric!["external"]!["metric"]!["name"]!.GetValue<string>()).Distinct()];
        Assert.Equal(made.Select(static m => m.Name).Order(), asked.Order());
    }

    [Fact]
    public void The_manual_lists_every_alert()
    {
        string manual = File.ReadAllText(Path.Combine(TestPaths.Root, "docs", "operating.md"));
        string[] listed = [.. Regex.Matches(manual, @"^\| `(Hunyuan[A-Za-z]+)` \|", RegexOptions.Multiline).Select(static m => m.Groups[1].Value)];
        Assert.Equal(Alerts.Rules.Select(static rule => rule["alert"]?.GetValue<string>()).OfType<string>().Order(), listed.Order());
    }
}
