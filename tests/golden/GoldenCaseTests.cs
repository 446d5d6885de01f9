using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Golden.Tests;

/// <summary>The models that tests run on are those in the repository.</summary>
public sealed class GoldenCaseTests
{
    [Theory]
    [InlineData("models")]
    [InlineData("expected")]
    public void NamesAreTheFoldersInTheRepository(string folder) => Assert.Equal(
        GoldenCase.Names.Order(StringComparer.Ordinal),
        Directory.GetDirectories(Path.Combine(TestPaths.Data, folder)).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal));
}
