using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Model;
using HunyuanOrleans.Model.Configuration;

namespace HunyuanOrleans.Server.Cluster;

/// <summary>A model in this process, shown as a cluster of one silo that holds everything.</summary>
internal sealed class LocalClusterOverview : IClusterOverview
{
    private volatile Share? _share;

    /// <summary>Shows a model from now on, and counts where its tokens go. Not while it computes.</summary>
    public void Watch(ModelRunner model)
    {
        ExpertCounter counter = new(model.Config);
        model.Observer = counter;
        _share = new Share(model.Config, counter, model.WeightBytes, model.Cache.TotalBytes);
    }

    /// <inheritdoc/>
    public ValueTask<ClusterOverview?> ReadAsync(CancellationToken cancellationToken) => ValueTask.FromResult(_share?.Describe());

    private sealed record Share(ModelConfig Config, ExpertCounter Counter, long WeightBytes, long KvBytes)
    {
        public ClusterOverview Describe()
        {
            int last = Config.Layers - 1;
            bool mixture = Config.Experts > 1;
            SiloOverview silo = new(
                Environment.MachineName,
                [new LayerRange(0, last)],
                mixture ? [new ExpertRange(Config.FirstMoeLayer, last, 0, Config.Experts - 1)] : [])
            {
                Home = true,
                WeightBytes = WeightBytes,
                KvBytes = KvBytes,
            };
            return new ClusterOverview(Config.Layers, Config.Experts, Counter.Read(), [silo])
            {
                SingleProcess = true,
                FirstExpertLayer = mixture ? Config.FirstMoeLayer : 0,
                ExpertsPerToken = mixture ? Config.TopK(last) : 1,
            };
        }
    }
}
