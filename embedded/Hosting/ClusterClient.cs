using HunyuanOrleans.Embedded;
using Orleans.Configuration;

namespace Orleans.Runtime;

/// <summary>Makes references whose calls leave from one silo or from the client.</summary>
internal sealed class ClusterClient(CallSource source) : IClusterClient
{
    public IServiceProvider ServiceProvider => source.Services;

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithGuidKey =>
        (TGrainInterface)Get(typeof(TGrainInterface), GrainId.KeyOf(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithIntegerKey =>
        (TGrainInterface)Get(typeof(TGrainInterface), GrainId.KeyOf(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null) where TGrainInterface : IGrainWithStringKey
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(primaryKey);
        return (TGrainInterface)Get(typeof(TGrainInterface), primaryKey, grainClassNamePrefix);
    }

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId) where TGrainInterface : IAddressable =>
        (TGrainInterface)Get(typeof(TGrainInterface), grainId.Key.ToString(), null);

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey) => (IGrain)Get(grainInterfaceType, GrainId.KeyOf(grainPrimaryKey), null);

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey) => (IGrain)Get(grainInterfaceType, GrainId.KeyOf(grainPrimaryKey), null);

    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey) => (IGrain)Get(grainInterfaceType, grainPrimaryKey, null);

    private object Get(Type interfaceType, string key, string? classPrefix)
    {
        var grainClass = GrainClass.Of(interfaceType, classPrefix);
        return GrainReference.Create(source, grainClass, GrainId.Create(grainClass.Name, key), interfaceType);
    }
}

/// <summary>The side of the callers that are on no silo.</summary>
internal sealed class ClientCore : CallSource, IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public ClientCore(EmbeddedCluster cluster, Action<Orleans.Hosting.IClientBuilder>? configure) : base(cluster)
    {
        var builder = new Orleans.Hosting.Builder();
        configure?.Invoke(builder);
        builder.Services.AddSingleton<IClusterClient>(_ => new ClusterClient(this));
        builder.Services.AddSingleton<IGrainFactory>(s => s.GetRequiredService<IClusterClient>());
        SiloCore.AddCommon(builder.Services);
        Use<ClientMessagingOptions>(_services = builder.Services.BuildServiceProvider());
    }

    public override string? Unavailable => null;

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
