namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>A request that the test hub received.</summary>
/// <param name="Target">Path and query.</param>
/// <param name="Headers">Headers by lower-case name.</param>
internal sealed record HubRequest(string Target, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The Authorization header, if any.</summary>
    public string? Authorization => Headers.GetValueOrDefault("authorization");

    /// <summary>The first byte of the requested range; 0 without a range.</summary>
    public int From => Headers.TryGetValue("range", out string? range) ? int.Parse(range["bytes=".Length..^1], null) : 0;

    /// <summary>Whether the request is for the content of a file.</summary>
    public bool IsFile => Target.Contains("/resolve/", StringComparison.Ordinal);
}
