using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace HunyuanOrleans.K8s.Tests.Support;

/// <summary>The rules of k8s/alerts.yaml.</summary>
internal static class Alerts
{
    /// <summary>All rules, including recording rules.</summary>
    public static IReadOnlyList<JsonObject> Rules { get; } =
    [
        .. Manifests.Written.Single(static m => m.Kind == "PrometheusRule").Spec["groups"]!.AsArray()
            .SelectMany(static group => group!["rules"]!.AsArray()).Select(static rule => rule!.AsObject()),
    ];

    /// <summary>Names of the series that recording rules create.</summary>
    public static string[] Recorded => [.. Rules.Select(static rule => rule["record"]?.GetValue<string>()).OfType<string>()];

    /// <summary>Names of the metrics that the expressions use.</summary>
    public static string[] Metrics() =>
        [.. Rules.SelectMany(static rule => Regex.Matches(rule["expr"]!.GetValue<string>(), @"\b(hunyuan|gen_ai)_[a-z_]+\b").Select(static m => m.Value)).Distinct()];
}
