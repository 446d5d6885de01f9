using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.K8s.Tests.Support;

/// <summary>The files in k8s/, and the overlays that kustomize renders from them.</summary>
internal static class Manifests
{
    private const string Kustomization = "kustomization.yaml";

    private static readonly ConcurrentDictionary<string, IReadOnlyList<Manifest>> Rendered = new();

    public static string Folder { get; } = Path.Combine(TestPaths.Root, "k8s");

    public static IReadOnlyList<string> Overlays { get; } =
        [.. Directory.GetDirectories(Path.Combine(Folder, "overlays")).Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>The overlays as cases of a theory.</summary>
    public static TheoryData<string> OverlayCases => [.. Overlays];

    /// <summary>Paths of all YAML files, relative to <see cref="Folder"/>.</summary>
    public static IReadOnlyList<string> Files { get; } =
        [.. Directory.EnumerateFiles(Folder, "*.yaml", SearchOption.AllDirectories).Select(static path => Path.GetRelativePath(Folder, path)).Order(StringComparer.Ordinal)];

    /// <summary>The kustomizations, by path.</summary>
    public static IReadOnlyDictionary<string, JsonObject> Kustomizations { get; } =
        Files.Where(static file => Path.GetFileName(file) == Kustomization).ToDictionary(static file => file, static file => Read(file).Single().AsObject());

    /// <summary>Patches from patch files and from kustomizations: partial objects, or lists of operations.</summary>
    public static IReadOnlyList<(string Source, JsonNode Patch)> Patches { get; } = [.. Kustomizations.SelectMany(k => Patched(k.Key, k.Value))];

    /// <summary>Every object in the files, without kustomizations and patches.</summary>
    public static IReadOnlyList<Manifest> Written { get; } =
    [
        .. Files.Where(file => Path.GetFileName(file) != Kustomization && !PatchFiles().Contains(file))
            .SelectMany(file => Read(file).Select(json => new Manifest(file, json.AsObject()))),
    ];

    /// <summary>The objects of a rendered overlay. Skips the test if kubectl is not installed.</summary>
    public static IReadOnlyList<Manifest> Render(string overlay) => Rendered.GetOrAdd(overlay, static overlay =>
    {
        (int code, string output) = ExternalTool.Run(
            "kubectl", Folder, $"the overlays {string.Join(", ", Overlays)} are not rendered; only files of the bases and patches are checked.", "kustomize", $"overlays/{overlay}");
        Assert.True(code == 0, output);
        return [.. YamlConverter.Parse(output).Select(json => new Manifest($"overlay {overlay}", json.AsObject()))];
    });

    /// <summary>The files that a list of a kustomization names.</summary>
    public static IEnumerable<string> Named(string kustomization, string list) =>
        (Kustomizations[kustomization][list]?.AsArray() ?? []).Select(item => Beside(kustomization, item is JsonObject o ? o["path"]?.GetValue<string>() : item!.GetValue<string>()))
            .OfType<string>();

    /// <summary>The path of a folder's kustomization.</summary>
    public static string Of(string folder) => Path.Combine(folder, Kustomization);

    private static string? Beside(string kustomization, string? path) =>
        path is null ? null : Path.GetRelativePath(Folder, Path.GetFullPath(Path.Combine(Folder, Path.GetDirectoryName(kustomization)!, path)));

    private static IReadOnlyList<JsonNode> Read(string file) => YamlConverter.Parse(File.ReadAllText(Path.Combine(Folder, file)));

    private static HashSet<string> PatchFiles() => [.. Kustomizations.Keys.SelectMany(static file => Named(file, "patches"))];

    private static IEnumerable<(string, JsonNode)> Patched(string file, JsonObject kustomization) =>
        (kustomization["patches"]?.AsArray() ?? []).SelectMany(patch => patch!["path"] is { } path
            ? Read(Beside(file, path.GetValue<string>())!).Select(json => (Beside(file, path.GetValue<string>())!, json))
            : YamlConverter.Parse(patch["patch"]!.GetValue<string>()).Select(json => (file, json)));
}
