using System.Text.Json.Nodes;
using HunyuanOrleans.K8s.Tests.Support;
using Xunit;

namespace HunyuanOrleans.K8s.Tests;

/// <summary>Every object, patch and kustomization has only fields that exist, of the right type.</summary>
public sealed class TypedManifestTests
{
    public static TheoryData<string> Overlays => Manifests.OverlayCases;

    [SkippableFact]
    public void Files_have_the_types_of_kubernetes() => Assert.Equal("", TypeCheck.Problems(
    [
        .. Manifests.Written.Select(static m => ($"{m.Source}-{m.Name}", TypeCheck.Type(m.Api, m.Kind), (JsonNode)m.Json)),
        .. Manifests.Patches.Where(static p => p.Patch is JsonObject).Select(static p => (p.Source, TypeCheck.PatchOf(Type(p.Patch)), p.Patch)),
        .. Manifests.Kustomizations.Select(static k => (k.Key, Type(k.Value), (JsonNode)k.Value)),
    ]));

    [SkippableTheory]
    [MemberData(nameof(Overlays))]
    public void Rendered_overlays_have_the_types_of_kubernetes(string overlay) => Assert.Equal("", TypeCheck.Problems(
        Manifests.Render(overlay).Select(m => ($"{overlay}-{m.Kind}-{m.Name}", TypeCheck.Type(m.Api, m.Kind), (JsonNode)m.Json))));

    [SkippableTheory]
    [InlineData("\"replicas\": \"two\"", "TS2322")]
    [InlineData("\"replica\": 2", "TS2353")]
    [InlineData("\"template\": {\"spec\": {\"containers\": [{\"image\": \"x\"}]}}", "TS2741")]
    public void Mistakes_are_found(string mistake, string found)
    {
        string template = mistake.Contains("template", StringComparison.Ordinal) ? "" : "\"template\": {}, ";
        JsonNode json = JsonNode.Parse(
            "{\"apiVersion\": \"apps/v1\", \"kind\": \"StatefulSet\", \"spec\": {\"serviceName\": \"a\", \"selector\": {}, " + template + mistake + "}}")!;
        Assert.Contains(found, TypeCheck.Problems([("mistake", TypeCheck.Type("apps/v1", "StatefulSet"), json)]), StringComparison.Ordinal);
        // A patch may leave out required fields.
        if (found != "TS2741")
        {
            Assert.Contains(found, TypeCheck.Problems([("mistake", TypeCheck.PatchOf(TypeCheck.Type("apps/v1", "StatefulSet")), json)]), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_file_is_used_and_every_named_file_exists()
    {
        HashSet<string> used = ["alerts.yaml"];
        foreach (string overlay in Manifests.Overlays)
        {
            Visit(Manifests.Of(Path.Combine("overlays", overlay)), used);
        }

        Assert.Equal(Manifests.Files, used.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Operations_are_on_paths()
    {
        IEnumerable<JsonNode?> operations = Manifests.Patches.Select(static p => p.Patch).OfType<JsonArray>().SelectMany(static list => list);
        Assert.All(operations, static operation =>
        {
            Assert.Contains(operation!["op"]!.GetValue<string>(), (string[])["add", "remove", "replace", "test"]);
            Assert.StartsWith("/", operation["path"]!.GetValue<string>(), StringComparison.Ordinal);
        });
    }

    private static string Type(JsonNode json) => TypeCheck.Type(json["apiVersion"]!.GetValue<string>(), json["kind"]!.GetValue<string>());

    private static void Visit(string kustomization, HashSet<string> used)
    {
        used.Add(kustomization);
        foreach (string path in new[] { "resources", "components", "patches" }.SelectMany(list => Manifests.Named(kustomization, list)))
        {
            if (path.EndsWith(".yaml", StringComparison.Ordinal))
            {
                used.Add(path);
            }
            else
            {
                Visit(Manifests.Of(path), used);
            }
        }
    }
}
