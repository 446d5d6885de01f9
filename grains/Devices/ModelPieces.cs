using HunyuanOrleans.Contracts.Grains;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Messages;
using HunyuanOrleans.Grains.Placement;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Parts;

namespace HunyuanOrleans.Grains.Devices;

/// <summary>Lists the pieces of a model that a shard or an expert group needs.</summary>
internal static class ModelPieces
{
    /// <summary>The pieces of an attention shard: its CLA groups in order, then the embedding of the first and the head of the last shard.</summary>
    public static ModelPiece[] Of(ModelConfig config, LayerRange layers)
    {
        List<ModelPiece> pieces = [];
        for (int layer = layers.FirstLayer; layer <= layers.LastLayer; layer += config.ClaFactor)
        {
            pieces.Add(ModelPiece.Attention(layer));
        }

        if (layers.FirstLayer == 0)
        {
            pieces.Add(ModelPiece.Embedding);
        }

        if (layers.LastLayer == config.Layers - 1)
        {
            pieces.Add(ModelPiece.Head);
        }

        return [.. pieces];
    }

    /// <summary>The pieces of an expert group.</summary>
    public static ModelPiece[] Of(ModelConfig config, ExpertRange range) =>
        [.. from layer in Enumerable.Range(range.FirstLayer, range.Layers)
            where config.IsMoeLayer(layer)
            from expert in Enumerable.Range(range.FirstExpert, range.Experts)
            select ModelPiece.OfExpert(layer, expert)];

    /// <summary>The pieces of the shard or expert group with a key.</summary>
    public static ModelPiece[] Of(ModelConfig config, PinnedKey key) => key.IsExpertGroup ? Of(config, key.Experts) : Of(config, key.Layers);

    /// <summary>Number of CLA groups in a range of layers.</summary>
    public static int Groups(ModelConfig config, LayerRange layers) => config.GroupsIn(layers.Layers);

    /// <summary>The KV pool of a model with these options.</summary>
    public static KvPoolMessage PoolOf(ModelOptions options) =>
        new((options.KvTokens + KvBlocks.Positions - 1) / KvBlocks.Positions, options.CacheFormat.Name());

    /// <summary>Checks that the silo's KV pool has the size and format that the scheduler uses.</summary>
    /// <exception cref="GrainCallException">It has not; the message says what differs.</exception>
    public static void CheckPool(ModelHost host, KvPoolMessage pool)
    {
        KvPoolMessage own = PoolOf(host.Settings.Options);
        if (own.Blocks != pool.Blocks)
        {
            throw new GrainCallException(
                $"Model {host.Settings.Name} has {own.Blocks} KV blocks here and {pool.Blocks} at its scheduler; all silos need the same KvTokens.");
        }

        if (own.Format != pool.Format)
        {
            throw new GrainCallException(
                $"Model {host.Settings.Name} keeps keys and values in {own.Format} here and in {pool.Format} at its scheduler; all silos need the same Kv.");
        }
    }
}
