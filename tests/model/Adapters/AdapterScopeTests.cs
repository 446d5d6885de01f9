using HunyuanOrleans.Model.Adapters;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Parts;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Model.Tests.Adapters;

/// <summary>The part of an adapter for some pieces of a model.</summary>
public sealed class AdapterScopeTests : IDisposable
{
    private readonly ModelConfig _model = ModelConfig.Load(TestPaths.Model("tiny-cla"));
    private readonly TempFolder _temp = new();

    public AdapterScopeTests() => RandomAdapter.Write(_temp.File("lora"), _model, 3, ["q_proj", "o_proj", "gate_proj", "up_proj", "down_proj"], 5);

    [Fact]
    public void A_part_has_what_changes_its_pieces_and_the_digest_of_the_whole()
    {
        ModelPiece attention = ModelPiece.Attention(_model.ClaFactor);
        int layer = Enumerable.Range(0, _model.Layers).First(_model.IsMoeLayer);
        AdapterScope scope = new(_model, [attention, ModelPiece.OfExpert(layer, 1), ModelPiece.Head, ModelPiece.Embedding]);
        using LoraFolder folder = LoraFolder.Open(_temp.File("lora"), _model);
        using LoraAdapter whole = LoraAdapter.Load(folder, _model), part = LoraAdapter.Load(folder, _model, scope);
        Assert.Equal(whole.Digest, part.Digest);
        Assert.Equal(whole.Digest, LoraAdapter.DigestOf(folder));
        Assert.InRange(LoraAdapter.BytesOf(folder, scope), 1, LoraAdapter.BytesOf(folder) - 1);
        for (int i = 0; i < _model.Layers; i++)
        {
            bool held = i / _model.ClaFactor == 1;
            Assert.Equal(held, part.Covers(i));
            Assert.Equal(held, part.Find(i, AdaptedProjection.Query) is not null);
            Assert.Equal(whole.ChangesExperts(i), part.ChangesExperts(i));
            for (int e = 0; _model.IsMoeLayer(i) && e < _model.Experts; e++)
            {
                Assert.Equal((i, e) == (layer, 1), part.Covers(i, e));
                Assert.Equal((i, e) == (layer, 1), part.FindExpert(i, e, AdaptedProjection.Up) is not null);
                Assert.True(whole.Covers(i, e));
            }
        }
    }

    [Fact]
    public void The_parts_of_all_pieces_make_up_the_adapter()
    {
        using LoraFolder folder = LoraFolder.Open(_temp.File("lora"), _model);
        Assert.Equal(LoraAdapter.BytesOf(folder), ModelPiece.All(_model).Sum(piece => LoraAdapter.BytesOf(folder, new AdapterScope(_model, [piece]))));
    }

    [Fact]
    public void An_adapter_without_experts_covers_all_of_them()
    {
        RandomAdapter.Write(_temp.File("attention"), _model, 3, ["q_proj"], 5);
        using LoraFolder folder = LoraFolder.Open(_temp.File("attention"), _model);
        using LoraAdapter part = LoraAdapter.Load(folder, _model, new AdapterScope(_model, []));
        int layer = Enumerable.Range(0, _model.Layers).First(_model.IsMoeLayer);
        Assert.False(part.ChangesExperts(layer));
        Assert.True(part.Covers(layer, 0));
        Assert.False(part.Covers(layer));
    }

    [Fact]
    public void A_scope_contains_smaller_ones()
    {
        AdapterScope all = new(_model, ModelPiece.All(_model)), some = new(_model, [ModelPiece.Attention(0)]), none = new(_model, []);
        Assert.True(all.Contains(some) && some.Contains(none) && all.Contains(all));
        Assert.False(some.Contains(all) || none.Contains(some));
    }

    public void Dispose() => _temp.Dispose();
}
