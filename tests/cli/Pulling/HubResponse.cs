namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>A response of the test hub, which need not be valid.</summary>
/// <param name="Status">Status code.</param>
/// <param name="Body">The body.</param>
/// <param name="Headers">More headers.</param>
internal sealed record HubResponse(int Status, byte[] Body, params (string Name, string Value)[] Headers)
{
    /// <summary>The Content-Length header; by default the length of the body.</summary>
    public int Length { get; init; } = Body.Length;

    /// <summary>Number of bytes after which the connection is closed.</summary>
    public int? CutAfter { get; init; }

    /// <summary>Awaited after <see cref="CutAfter"/> bytes, before the connection is closed.</summary>
    public Task BeforeCut { get; init; } = Task.CompletedTask;

    public static HubResponse Text(int status, string text, params (string Name, string Value)[] headers) =>
        new(status, System.Text.Encoding.UTF8.GetBytes(text), headers);
}
