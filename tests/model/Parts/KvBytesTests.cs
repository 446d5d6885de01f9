using HunyuanOrleans.Kernels;
using HunyuanOrleans.Kernels.Attention;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Tests.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Parts;

/// <summary>The computed bytes of keys and values per position are those that the cache takes.</summary>
public sealed class KvBytesTests
{
    [Fact]
    public void PositionBytesOfPublishedModelsAreThoseOfElementsAndScales()
    {
        foreach (string json in new[] { ConfigJson.Large, ConfigJson.A13B })
        {
            ModelConfig config = ConfigJson.Parse(json);
            long elements = 2L * config.KvGroups * config.KvSize;
            Assert.Equal(json == ConfigJson.Large ? 40960 : 65536, elements);
            Assert.Equal(2 * elements, KvFormat.Bf16.PositionBytes(config));
            Assert.Equal(4 * elements, KvFormat.F32.PositionBytes(config));

            // A scale of two bytes for the key and for the value of each head.
            long scales = 4L * config.KvGroups * config.KvHeads;
            Assert.Equal(elements + scales, KvFormat.Int8.PositionBytes(config));
            Assert.Equal(elements + scales, KvFormat.Fp8.PositionBytes(config));
        }
    }

    [Fact]
    public void TheCacheOfTinyModelsTakesTheComputedBytes()
    {
        foreach (string name in new[] { GoldenModels.Cla, GoldenModels.TopFour })
        {
            foreach ((ComputeMode mode, KvFormat? kv) in new (ComputeMode, KvFormat?)[]
            {
                (ComputeMode.Bf16, null), (ComputeMode.F32, null), (ComputeMode.Bf16, KvFormat.Int8), (ComputeMode.F32, KvFormat.Int8),
                (ComputeMode.Bf16, KvFormat.Fp8), (ComputeMode.F32, KvFormat.Fp8),
            })
            {
                using ModelRunner model = ModelRunner.Load(TestPaths.Model(name), new ModelOptions { Mode = mode, Kv = kv, Threads = 1, KvTokens = 64 });
                KvFormat format = model.Options.CacheFormat;
                Assert.Equal((kv ?? (mode == ComputeMode.F32 ? KvFormat.F32 : KvFormat.Bf16)), format);
                Assert.Equal(format.BlockBytes(model.Config) * model.Config.KvGroups * 2, model.Cache.TotalBytes);
                Assert.Equal(format.PositionBytes(model.Config) * KvBlocks.Positions * 2, model.Cache.TotalBytes);

                // Values of heads of width 8 are padded to panels of 16 columns. There is no other padding.
                int padded = (model.Config.HeadDim + 15) / 16 * 16;
                int scales = format is KvFormat.Int8 or KvFormat.Fp8 ? 4 : 0;
                long head = ((model.Config.HeadDim + padded) * format.Element().Size()) + scales;
                Assert.Equal(head * model.Config.KvGroups * model.Config.KvHeads, format.PositionBytes(model.Config));
            }
        }
    }

    [Theory]
    [InlineData(ComputeMode.F32, KvFormat.Bf16, "Kv is bf16", "allowed: f32, int8 or fp8")]
    [InlineData(ComputeMode.Bf16, KvFormat.F32, "Kv is f32", "allowed: bf16, int8 or fp8")]
    [InlineData(ComputeMode.Bf16, (KvFormat)9, "Kv is 9", "allowed: bf16, int8 or fp8")]
    public void FormatsThatDoNotMatchTheModeAreRefused(ComputeMode mode, KvFormat kv, params string[] parts)
    {
        string message = Assert.Throws<ModelException>(() => new ModelOptions { Mode = mode, Kv = kv }.Validate()).Message;
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }
}
