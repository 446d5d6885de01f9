using HunyuanOrleans.Grains.Adapters;
using HunyuanOrleans.Grains.Messages;
using Xunit;

namespace HunyuanOrleans.Cluster.Tests.Adapters;

/// <summary>Tables of adapters end equal in whatever order records reach them.</summary>
public sealed class AdapterTableTests
{
    private static readonly AdapterRecord[] Records =
    [
        Record("a", "01", 1), Record("b", "02", 2), Record("a", "01", 3) with { IsRemoved = true }, Record("a", "05", 4), Record("b", "03", 2), Record("c", "04", 5) with { IsRemoved = true }, Record("c", "04", 5),
    ];

    [Fact]
    public void The_later_record_of_a_name_counts_in_any_order()
    {
        Random random = new(1);
        for (int round = 0; round < 50; round++)
        {
            AdapterTable table = new();
            AdapterRecord[] order = [.. Records];
            random.Shuffle(order);
            foreach (AdapterRecord record in order)
            {
                table.Merge([record]);
            }

            table.Merge(order);
            Assert.Equal(["a 05", "b 03"], table.Live.Select(static record => $"{record.Name} {record.Digest}"));
            Assert.Equal(5, table.Version);
            Assert.Null(table.FindLive("c"));
            Assert.True(table.Find("c")!.IsRemoved);
            Assert.Null(table.Find("d"));
        }
    }

    private static AdapterRecord Record(string name, string digest, long version) => new(name, digest, "folder", 1, 0, version, false);
}
