using System.Text;
using System.Text.Json;

namespace ColdPages.Tests;

public sealed class DoctorJsonTests
{
    private readonly TrialHost _host = new() { ReclaimKeys = ["", " swappiness=60"] };

    [Fact]
    public void It_is_one_object_with_the_members_that_readers_rely_on()
    {
        _host.Files.Delete(IdleBitmap.Name);
        _host.Files.Write("/sys/module/damon_stat/parameters/enabled", "Y\n");
        using JsonDocument document = Write(HostDiagnosis.Examine(_host.Roots));
        JsonElement root = document.RootElement;
        Assert.Equal(["schema", "kernel", "chosen", "sources", "features", "conflicts"], root.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("coldpages.doctor/1", "mglru", "6.12.95"), (Text(root, "schema"), Text(root, "chosen"), Text(root, "kernel")));
        JsonElement[] sources = [.. root.GetProperty("sources").EnumerateArray()];
        Assert.Equal(["idle-bitmap", "mglru", "referenced"], sources.Select(source => Text(source, "name")));
        Assert.All(sources, source => AssertReasons(source, "usable"));
        JsonElement[] features = [.. root.GetProperty("features").EnumerateArray()];
        Assert.Equal(FeatureNames.All, features.Select(feature => Text(feature, "name")));
        Assert.All(features, feature => AssertReasons(feature, "available"));
        Assert.True(features.Single(feature => Text(feature, "name") == "memory.reclaim swappiness").GetProperty("available").GetBoolean());
        Assert.False(features.Single(feature => Text(feature, "name") == "memory.reclaim swappiness=max").GetProperty("available").GetBoolean());
        Assert.Contains("DAMON", Assert.Single(root.GetProperty("conflicts").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_source_none_is_chosen()
    {
        _host.Files.Delete("/proc/self/mountinfo");
        using JsonDocument document = Write(HostDiagnosis.Examine(_host.Roots));
        Assert.Equal(JsonValueKind.Null, document.RootElement.GetProperty("chosen").ValueKind);
        Assert.Empty(document.RootElement.GetProperty("conflicts").EnumerateArray());
        Assert.All(document.RootElement.GetProperty("sources").EnumerateArray(), source => Assert.False(source.GetProperty("usable").GetBoolean()));
    }

    [Fact]
    public void What_was_only_probed_has_no_features()
    {
        using JsonDocument document = Write(HostDiagnosis.Probe(_host.Roots));
        Assert.Empty(document.RootElement.GetProperty("features").EnumerateArray());
        Assert.Equal(JsonValueKind.Null, document.RootElement.GetProperty("kernel").ValueKind);
    }

    // What works has neither reason nor remedy; what does not has a reason.
    private static void AssertReasons(JsonElement item, string works)
    {
        Assert.Equal(item.GetProperty(works).GetBoolean() ? JsonValueKind.Null : JsonValueKind.String, item.GetProperty("why").ValueKind);
        if (item.GetProperty(works).GetBoolean())
            Assert.Equal(JsonValueKind.Null, item.GetProperty("remedy").ValueKind);
    }

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static JsonDocument Write(HostDiagnosis diagnosis)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
            diagnosis.WriteJson(writer);
        return JsonDocument.Parse(Encoding.UTF8.GetString(stream.ToArray()));
    }
}
