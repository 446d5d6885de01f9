namespace HunyuanOrleans.Server.Hosting;

/// <summary>An API key and its owner's limits. Only the key's hash is stored.</summary>
public sealed class ApiKeyOptions
{
    /// <summary>The owner's name, which appears in logs. Required.</summary>
    public string Name { get; set; } = "";

    /// <summary>SHA-256 of the key's UTF-8 bytes, as 64 hexadecimal digits. Required.</summary>
    public string Sha256 { get; set; } = "";

    /// <summary>Whether the owner may also change what the server serves: load and unload adapters. Default false.</summary>
    public bool Administrator { get; set; }

    /// <summary>The owner's limits. Default: the server's <see cref="ServerOptions.Limits"/>.</summary>
    public LimitOptions? Limits { get; set; }
}
