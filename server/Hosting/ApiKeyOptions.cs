namespace HunyuanOrleans.Server.Hosting;

/// <summary>One API key. Only its hash is kept.</summary>
public sealed class ApiKeyOptions
{
    /// <summary>Who it belongs to; appears in logs. Required.</summary>
    public string Name { get; set; } = "";

    /// <summary>SHA-256 of the key's UTF-8 bytes, 64 hexadecimal digits. Required.</summary>
    public string Sha256 { get; set; } = "";

    /// <summary>What its owner may do. Default: the server's <see cref="ServerOptions.Limits"/>.</summary>
    public LimitOptions? Limits { get; set; }
}
