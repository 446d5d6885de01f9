using System.Text.Json;

namespace HunyuanOrleans.Server.Tools;

/// <summary>A function the model may call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">JSON schema of its arguments; null for any object.</param>
/// <param name="Json">The whole tool as the request gave it.</param>
/// <param name="Place">Where its parameters stand in the request, for errors.</param>
internal sealed record ToolSpec(string Name, JsonElement? Parameters, JsonElement Json, string Place);
