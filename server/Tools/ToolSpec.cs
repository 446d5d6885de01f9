using System.Text.Json;

namespace HunyuanOrleans.Server.Tools;

/// <summary>A function the model may call.</summary>
/// <param name="Name">The function's name.</param>
/// <param name="Parameters">JSON schema of its arguments; null for any object.</param>
/// <param name="Json">The whole tool, as in the request.</param>
/// <param name="Path">The path of its parameters in the request, for errors.</param>
internal sealed record ToolSpec(string Name, JsonElement? Parameters, JsonElement Json, string Path);
