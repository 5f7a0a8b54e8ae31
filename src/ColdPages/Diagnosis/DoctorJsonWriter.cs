using System.Text.Json;

namespace ColdPages;

/// <summary>Writes a diagnosis as coldpages.doctor/1.</summary>
internal static class DoctorJsonWriter
{
    public const string Schema = "coldpages.doctor/1";

    public static void Write(Utf8JsonWriter writer, HostDiagnosis diagnosis)
    {
        writer.WriteStartObject();
        writer.WriteString("schema"u8, Schema);
        writer.WriteString("kernel"u8, diagnosis.Kernel);
        writer.WriteString("chosen"u8, diagnosis.Chosen?.ToName());
        writer.WriteStartArray("sources"u8);
        foreach (SourceDiagnosis source in diagnosis.Sources)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, source.Source.ToName());
            writer.WriteBoolean("usable"u8, source.IsUsable);
            writer.WriteString("why"u8, source.Why);
            writer.WriteString("remedy"u8, source.Remedy);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("features"u8);
        foreach (FeatureDiagnosis feature in diagnosis.Features)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, feature.Name);
            writer.WriteBoolean("available"u8, feature.IsAvailable);
            writer.WriteBoolean("known"u8, feature.IsKnown);
            writer.WriteString("why"u8, feature.Why);
            writer.WriteString("remedy"u8, feature.Remedy);
            if (feature.Detail is not null)
                writer.WriteString("detail"u8, feature.Detail);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("conflicts"u8);
        foreach (string conflict in diagnosis.Conflicts)
            writer.WriteStringValue(conflict);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
