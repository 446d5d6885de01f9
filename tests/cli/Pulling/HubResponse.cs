namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>What the test hub answers, true or not.</summary>
/// <param name="Status">Status code.</param>
/// <param name="Body">The body.</param>
/// <param name="Headers">More headers.</param>
internal sealed record HubResponse(int Status, byte[] Body, params (string Name, string Value)[] Headers)
{
    /// <summary>The length it claims; the body's by default.</summary>
    public int Length { get; init; } = Body.Length;

    /// <summary>Bytes after which the connection is cut.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Awaited after <see cref="CutAfter"/> bytes, before the cut.</summary>
    public Task Hold { get; init; } = Task.CompletedTask;

    public static HubResponse Text(int status, string text, params (string Name, string Value)[] headers) =>
        new(status, System.Text.Encoding.UTF8.GetBytes(text), headers);
}
