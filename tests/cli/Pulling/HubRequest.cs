namespace HunyuanOrleans.Cli.Tests.Pulling;

/// <summary>A request the test hub got.</summary>
/// <param name="Target">Path and query.</param>
/// <param name="Headers">Headers by lower-case name.</param>
internal sealed record HubRequest(string Target, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>The token shown, if any.</summary>
    public string? Authorization => Headers.GetValueOrDefault("authorization");

    /// <summary>First byte asked for.</summary>
    public int From => Headers.TryGetValue("range", out string? range) ? int.Parse(range["bytes=".Length..^1], null) : 0;

    /// <summary>Whether it is for the content of a file.</summary>
    public bool IsFile => Target.Contains("/resolve/", StringComparison.Ordinal);
}
