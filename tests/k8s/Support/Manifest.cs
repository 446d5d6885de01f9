using System.Text.Json.Nodes;

namespace HunyuanOrleans.K8s.Tests.Support;

/// <summary>A Kubernetes object, or a patch of one.</summary>
/// <param name="Source">Its file or overlay, for messages.</param>
/// <param name="Json">The object.</param>
internal sealed record Manifest(string Source, JsonObject Json)
{
    public string Kind => Text("kind");

    public string Api => Text("apiVersion");

    public string Name => Json["metadata"]?["name"]?.GetValue<string>() ?? "";

    public JsonObject Spec => Json["spec"]!.AsObject();

    /// <summary>The template of its pods; null for objects without pods.</summary>
    public JsonObject? PodTemplate => Kind is "StatefulSet" or "Deployment" or "DaemonSet" or "Job" ? Json["spec"]?["template"]?.AsObject() : null;

    /// <summary>Containers of its pods, including init containers.</summary>
    public IEnumerable<JsonObject> Containers => new[] { "initContainers", "containers" }
        .SelectMany(list => PodTemplate?["spec"]?[list]?.AsArray() ?? []).Select(container => container!.AsObject());

    /// <summary>Whether its pods are silos.</summary>
    public bool IsSilos => PodTemplate?["metadata"]?["labels"]?["app.kubernetes.io/name"]?.GetValue<string>() == "hunyuan-silo";

    /// <summary>Whether the labels of its pods match a selector's matchLabels. An empty selector matches all.</summary>
    public bool IsSelectedBy(JsonNode? labels) => PodTemplate?["metadata"]?["labels"] is JsonObject own
        && (labels?.AsObject() ?? []).All(label => own[label.Key]?.GetValue<string>() == label.Value!.GetValue<string>());

    public override string ToString() => $"{Kind} {Name} of {Source}";

    private string Text(string field) => Json[field]?.GetValue<string>() ?? throw new InvalidDataException($"{Source}: an object has no {field}.");
}
