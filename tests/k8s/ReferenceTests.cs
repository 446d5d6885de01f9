using System.Text.Json.Nodes;
using HunyuanOrleans.K8s.Tests.Support;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.K8s.Tests;

/// <summary>Everything that objects refer to exists: ports, selectors, config maps, secrets, claims, scale targets.</summary>
public sealed class ReferenceTests
{
    public static TheoryData<string> Overlays => Manifests.OverlayCases;

    [SkippableTheory]
    [MemberData(nameof(Overlays))]
    public void Services_reach_pods_by_existing_ports(string overlay)
    {
        IReadOnlyList<Manifest> objects = Manifests.Render(overlay);
        Assert.All(objects.Where(static o => o.Kind == "Service"), service =>
        {
            Manifest[] pods = [.. objects.Where(o => o.IsSelectedBy(service.Spec["selector"]))];
            Assert.True(pods.Length > 0, $"{service} reaches nothing.");
            Assert.All(service.Spec["ports"]!.AsArray(), port => Assert.All(pods, pod => Assert.Contains(port!["targetPort"]!.GetValue<string>(), Ports(pod).Keys)));
        });
        Assert.All(objects.Where(static o => o.Kind == "StatefulSet"), set =>
            Assert.Single(objects, o => o.Kind == "Service" && o.Name == set.Spec["serviceName"]!.GetValue<string>() && set.IsSelectedBy(o.Spec["selector"])));
    }

    [SkippableTheory]
    [MemberData(nameof(Overlays))]
    public void Config_maps_secrets_and_claims_exist_or_are_documented(string overlay)
    {
        IReadOnlyList<Manifest> objects = Manifests.Render(overlay);
        string manual = File.ReadAllText(Path.Combine(TestPaths.Root, "docs", "operating.md"));
        foreach (Manifest owner in objects.Where(static o => o.PodTemplate is not null))
        {
            string[] maps = [.. Find(owner.Json, "configMapRef").Select(static r => r["name"]!.GetValue<string>())];
            Assert.All(maps, name => Assert.Single(objects, o => o.Kind == "ConfigMap" && o.Name == name));
            string[] claims = [.. Find(owner.Json, "persistentVolumeClaim").Select(static r => r["claimName"]!.GetValue<string>())];
            Assert.All(claims, name => Assert.Single(objects, o => o.Kind == "PersistentVolumeClaim" && o.Name == name));
            string[] secrets = [.. Find(owner.Json, "secretKeyRef").Select(static r => r["name"]!.GetValue<string>()), .. Find(owner.Json, "secret").Select(static r => r["secretName"]!.GetValue<string>())];
            Assert.All(secrets, name => Assert.True(
                objects.Any(o => o.Kind == "Secret" && o.Name == name) || manual.Contains($"create secret generic {name} ", StringComparison.Ordinal) || manual.Contains($"secretName: {name}\n", StringComparison.Ordinal),
                $"{owner} needs the secret {name}, which is neither rendered nor documented."));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Overlays))]
    public void Only_silos_reach_silos(string overlay)
    {
        IReadOnlyList<Manifest> objects = Manifests.Render(overlay);
        Manifest[] policies = [.. objects.Where(static o => o.Kind == "NetworkPolicy")];
        Assert.Contains(policies, static p => p.Spec["podSelector"]!.AsObject().Count == 0 && p.Spec["ingress"] is null && p.Spec["egress"] is null
            && p.Spec["policyTypes"]!.AsArray().Count == 2);
        foreach (Manifest silos in objects.Where(static o => o.IsSilos))
        {
            JsonNode[] rules = [.. policies.Where(p => silos.IsSelectedBy(p.Spec["podSelector"]!["matchLabels"])).SelectMany(static p => p.Spec["ingress"]?.AsArray() ?? []).OfType<JsonNode>()];
            JsonNode toSilo = Assert.Single(rules, static rule => rule["ports"]!.AsArray().Any(static p => p!["port"]!.ToJsonString() is "\"silo\"" or "11111"));
            Assert.Equal("[{\"podSelector\":{\"matchLabels\":{\"app.kubernetes.io/name\":\"hunyuan-silo\"}}}]", toSilo["from"]!.ToJsonString());
            Assert.All(rules, rule => Assert.NotEmpty(rule["from"]!.AsArray()));
            Assert.All(rules.SelectMany(static r => r["ports"]!.AsArray()), port => Assert.Contains(port!["port"]!.GetValue<string>(), Ports(silos).Keys));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Overlays))]
    public void Policies_select_existing_pods_and_every_pod_has_one(string overlay)
    {
        IReadOnlyList<Manifest> objects = Manifests.Render(overlay);
        Manifest[] own = [.. objects.Where(static o => o.Kind == "NetworkPolicy" && o.Spec["podSelector"]!.AsObject().Count > 0)];
        Assert.All(own, policy => Assert.Contains(objects, o => o.IsSelectedBy(policy.Spec["podSelector"]!["matchLabels"])));
        Assert.All(objects.Where(static o => o.PodTemplate is not null), pod => Assert.Contains(own, p => pod.IsSelectedBy(p.Spec["podSelector"]!["matchLabels"])));
    }

    [SkippableFact]
    public void Scale_targets_exist_and_start_within_their_bounds()
    {
        IReadOnlyList<Manifest> objects = Manifests.Render("h200");
        Manifest[] scalers = [.. objects.Where(static o => o.Kind == "HorizontalPodAutoscaler")];
        Assert.Equal(2, scalers.Length);
        Assert.All(scalers, scaler =>
        {
            Manifest target = Assert.Single(objects, o => o.Kind == scaler.Spec["scaleTargetRef"]!["kind"]!.GetValue<string>() && o.Name == scaler.Spec["scaleTargetRef"]!["name"]!.GetValue<string>());
            Assert.InRange(target.Spec["replicas"]!.GetValue<int>(), scaler.Spec["minReplicas"]!.GetValue<int>(), scaler.Spec["maxReplicas"]!.GetValue<int>());
        });
    }

    private static Dictionary<string, int> Ports(Manifest pod) => pod.Containers.SelectMany(static c => c["ports"]?.AsArray() ?? [])
        .ToDictionary(static p => p!["name"]!.GetValue<string>(), static p => p!["containerPort"]!.GetValue<int>());

    private static IEnumerable<JsonObject> Find(JsonNode? node, string field) => node switch
    {
        JsonObject o => o.SelectMany(pair => pair.Key == field && pair.Value is JsonObject found ? Find(found, field).Prepend(found) : Find(pair.Value, field)),
        JsonArray list => list.SelectMany(item => Find(item, field)),
        _ => [],
    };
}
