using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Orleans.Hosting;

/// <summary>A configuration without a value: silos are set up in code.</summary>
internal sealed class EmptyConfiguration : IConfigurationSection
{
    public string? this[string key]
    {
        get => null;
        set => throw new NotSupportedException();
    }

    public string Key => "";

    public string Path => "";

    [AllowNull]
    public string Value { get => null!; set => throw new NotSupportedException(); }

    public IConfigurationSection GetSection(string key) => this;

    public IEnumerable<IConfigurationSection> GetChildren() => [];

    public IChangeToken GetReloadToken() => new CancellationChangeToken(CancellationToken.None);
}
