using HunyuanOrleans.Model.Checkpoints;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Tests.Configuration;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Checkpoints;

public sealed class ModelInspectionTests
{
    [Fact]
    public void A_model_folder_is_described()
    {
        string folder = TestPaths.Model("tiny-top8-nocla");
        ModelInspection inspection = ModelInspection.Load(folder);
        Assert.Null(inspection.Problem);
        Assert.Equal(inspection.Parameters.Total, inspection.StoredElements);
        Assert.Equal([StoredType.BF16, StoredType.F32], inspection.BytesByType.Select(b => b.Key));

        // Four routers of 8 x 64.
        Assert.Equal(4 * 8 * 64 * 4, inspection.BytesByType[1].Value);
        Assert.Equal("model-00001-of-00001.safetensors", inspection.Files.Single().Name);

        // Four layers of two key heads of 16.
        Assert.Equal(4 * 2 * 32 * 2, inspection.KvBytesPerToken[KvFormat.Bf16]);
        Assert.Equal(4 * 2 * 32 * 4, inspection.KvBytesPerToken[KvFormat.F32]);
        Assert.Equal(4 * 2 * (32 + 4), inspection.KvBytesPerToken[KvFormat.Int8]);
    }

    [Fact]
    public void A_config_alone_is_described()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("config.json"), ConfigJson.Large);
        ModelInspection inspection = ModelInspection.Load(folder.Root);
        Assert.Equal((81920, 41984, 41984), (inspection.KvBytesPerToken[KvFormat.Bf16], inspection.KvBytesPerToken[KvFormat.Int8], inspection.KvBytesPerToken[KvFormat.Fp8]));
        Assert.Equal("The folder holds no weights.", inspection.Problem);
        Assert.Empty(inspection.Files);
    }

    [Fact]
    public void Weights_that_do_not_match_the_config_are_reported()
    {
        using TempFolder copy = CheckpointRewriter.Copy(
            TestPaths.Model("tiny-dense"), tensors => tensors.RemoveAll(t => t.Name == "model.norm.weight"));
        Assert.Contains("\"model.norm.weight\" is missing", ModelInspection.Load(copy.Root).Problem, StringComparison.Ordinal);
    }
}
