using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Tests.Configuration;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Parts;

/// <summary>What a config says of a position's keys and values is what the cache takes.</summary>
public sealed class KvBytesTests
{
    [Fact]
    public void PublishedModelsTakeWhatTheirConfigSays()
    {
        foreach (string json in new[] { ConfigJson.Large, ConfigJson.A13B })
        {
            ModelConfig config = ConfigJson.Parse(json);
            long taken = KvBlocks.BytesPerBlock(config.KvHeads, config.HeadDim, ElementType.BF16) * config.KvGroups;
            Assert.Equal(config.KvBytesPerToken(2), taken / KvBlocks.Positions);
            Assert.Equal(json == ConfigJson.Large ? 81920 : 131072, taken / KvBlocks.Positions);
        }
    }

    [Fact]
    public void TinyModelsTakeWhatTheirConfigSays()
    {
        foreach (string name in new[] { GoldenModels.Cla, GoldenModels.TopFour })
        {
            foreach (ComputeMode mode in Enum.GetValues<ComputeMode>())
            {
                using ModelRunner model = ModelRunner.Load(GoldenModels.Folder(name), new ModelOptions { Mode = mode, Threads = 1, KvTokens = 64 });
                int bytes = mode.Element().Size();
                ModelConfig config = model.Config;
                long taken = KvBlocks.BytesPerBlock(config.KvHeads, config.HeadDim, mode.Element()) * config.KvGroups;
                Assert.Equal(taken * 2, model.Cache.TotalBytes);

                // Heads of 8 are padded to whole panels of 16 value columns; nothing else is.
                int padded = (config.HeadDim + 15) / 16 * 16;
                Assert.Equal(config.KvBytesPerToken(bytes) * KvBlocks.Positions, taken - ((long)KvBlocks.Positions * config.KvGroups * config.KvHeads * (padded - config.HeadDim) * bytes));
            }
        }
    }
}
