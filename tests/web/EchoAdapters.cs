using HunyuanOrleans.Engine.Adapters;
using HunyuanOrleans.Server.Hosting;

namespace HunyuanOrleans.Web.Tests;

/// <summary>A fixed list of adapters.</summary>
/// <param name="names">Their names.</param>
internal sealed class EchoAdapters(params string[] names) : IAdapterCatalog
{
    public IReadOnlyList<AdapterInfo> Adapters { get; } = [.. names.Order(StringComparer.Ordinal).Select(static name => new AdapterInfo(name, "folder", 1, 0))];

    public AdapterInfo? Find(string name) => Adapters.FirstOrDefault(adapter => adapter.Name == name);

    public Task<long> AddAsync(string name, string folder, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> RemoveAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();
}
